"""Queries the files of a data set: the protocol, and one package for each engine; the only one so far is `duckdb`.

Only an engine writes SQL for files, opens a database, or knows its errors. `facts` drives it, and the processes of
`reader` choose it, and `plan` and `preflight` ask it about a configuration.
"""
