"""Requests to servers that may be slow, wrong or hostile: absolute deadlines, bounded bodies, checked shapes.

`client` makes them, `access` reads --http.config.file, `alertmanager` understands what Alertmanager lists.
The gate, the drill and the formats of numbers call it.
"""
