"""The processes that read: a hostile file or a hanging disk fails a refresh, and never the exporter.

`client` is the exporter's side, `process` the other; `pipes` passes tasks (`facts.task`) between them. `refresh` calls
the client.
"""
