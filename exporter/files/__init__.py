"""Parquet files: which there are, what their footers say, and where each has a canonical column.

Nothing here queries events. A new kind of listing belongs here, as does a new way to write a column.
`facts` keeps what is known of each file, and the engines read the columns that `mapping` finds.
"""
