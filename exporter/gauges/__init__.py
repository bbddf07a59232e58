"""What is published of the facts: snapshots of gauges, and their Prometheus text.

The names of gauges that no measure declares are in `own`. A snapshot is a pure function of what was measured: it
reads no file and no clock. `refresh` takes snapshots, `web` serves their text.
"""
