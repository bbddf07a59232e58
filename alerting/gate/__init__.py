"""The gate: what Alertmanager lists becomes a verdict only when it is proven to be about today's data.

The commands call `judge`. What makes a verdict unknown belongs in `proof` and `witness`, what explains that in
`diagnosis`. A change here can turn broken data into a PASS: read tests/faults first.
"""
