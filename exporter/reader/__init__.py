"""The processes that read: a hostile file or a disk that hangs takes down a refresh, not the exporter.

`client` is the exporter's side, `process` the other, `task` what passes between them. `refresh` calls the client.
"""
