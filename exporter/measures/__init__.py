"""The measures: each SQL file here is one question about a day, and declares the gauges that it fills.

One more metric is one more file. `declared` reads and checks them, `devices` names the classes of devices.
Engines run them, `facts` keeps the results, and `gauges` publishes them.
"""
