"""The pages of the exporter: HTTP/1.1 with absolute deadlines, TLS, passwords, refresh and reload.

Nothing here waits for a query but the request that asks for one. `cli` starts it.
"""
