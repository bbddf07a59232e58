"""What was measured: the facts of each day, how they are measured, and what is kept for the next reading.

Nothing here knows Prometheus or a particular engine. `measure` is the way through a data set, from files to facts;
the processes of `reader` call it.
"""
