"""The measures: each SQL file here asks one question about a day, and declares the gauges that it fills.

A new metric is a new file. `declared` reads and checks them, `devices` names the classes of devices.
Engines run them, `facts` keeps the results, and `gauges` publishes them.
"""
