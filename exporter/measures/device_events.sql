-- clickstream_device_events: Events by device class: mobile, desktop, tablet, bot, other.
-- needs: device
SELECT hour,
       device_class AS device,
       count(*)     AS clickstream_device_events
FROM events
GROUP BY hour, device_class
