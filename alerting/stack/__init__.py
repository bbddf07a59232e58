"""Temporary servers: finds Prometheus and Alertmanager, starts them with an exporter, and stops them.

`check` and the tests call `stack`; `programs` also unpacks Debian's packages in a clone.
"""
