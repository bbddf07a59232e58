"""What queries the files of a data set: the protocol, and an engine a package; `duckdb` is the one there is.

Only an engine writes SQL for files, opens a database, or knows its errors. `facts` drives it, the processes of
`reader` choose it.
"""
