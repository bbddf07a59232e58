"""What was measured: the facts of each day, how they are measured, and what is kept for the next reading.

Nothing here knows Prometheus or a particular engine. `measure` leads from the files of a data set to its facts; the
processes of `reader` call it.
"""
