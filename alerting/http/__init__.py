"""Requests to servers that may be slow, faulty or hostile: absolute deadlines, bounded bodies, checked types.

`client` sends them, `http_config` reads --http.config.file into an `access`, `alertmanager` parses what Alertmanager
lists. Each command builds one `Client` and passes it to the gate or the drill.
"""
