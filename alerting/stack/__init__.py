"""Servers of our own: finds Prometheus and Alertmanager, starts them with an exporter, and ends them.

`stack` is called by `check` and the tests; `programs` also unpacks Debian's packages in a clone.
"""
