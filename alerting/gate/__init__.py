"""The gate: what Alertmanager lists becomes a verdict only when it is proven to be about today's data.

`judge` is the way in, called by the commands. What makes a verdict unknown belongs into `proof` and `witness`, what
explains that into `diagnosis`. A change here can make PASS out of broken data: read tests/faults first.
"""
