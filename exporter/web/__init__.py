"""The pages of the exporter: HTTP/1.1 with absolute deadlines, TLS, passwords, refresh and reload.

Only a request for a refresh waits for queries. `cli` starts it.
"""
