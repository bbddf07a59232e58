-- clickstream_device_revenue: Revenue by device class: mobile, desktop, tablet, bot, other.
-- needs: purchase, revenue, device
SELECT hour,
       device,
       coalesce(sum(revenue), 0) AS clickstream_device_revenue
FROM purchases
GROUP BY hour, device
