"""The engine of one machine: a locked, in-memory DuckDB for each reading.

`engine` is the one that `exporter.engine.protocol` describes. `relations/` has the tables of a day that measures read:
change them with care, each change alters the numbers of every data set.
"""
