"""The engine of one machine: a locked, in-memory DuckDB for each reading.

`engine` is what `facts` sees. `relations/` has the tables of a day that measures read: change them with care, each
change alters the numbers of every data set.
"""
