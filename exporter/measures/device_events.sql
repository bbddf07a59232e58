-- clickstream_device_events: Events by device class: mobile, desktop, tablet, bot, other.
-- needs: device
SELECT hour,
       device_class AS device,
       sum(events)  AS clickstream_device_events
FROM counts
GROUP BY hour, device_class
