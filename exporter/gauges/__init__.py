"""What is published of the facts: snapshots of gauges, and their Prometheus text.

`own` has the gauges that no measure declares. A snapshot is a pure function of what was measured: taking one reads no
file and no clock. `refresh` takes snapshots, `web` serves their text.
"""
