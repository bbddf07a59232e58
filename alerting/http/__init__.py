"""Requests to servers that may be slow, wrong or hostile: absolute deadlines, bounded bodies, checked shapes.

`client` makes them, `http_config` reads --http.config.file into an `access`, `alertmanager` understands what
Alertmanager lists. The gate, the drill and the formats of numbers call it.
"""
