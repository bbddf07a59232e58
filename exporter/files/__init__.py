"""Parquet files: the listing, the footers, and where each file has a canonical column.

Nothing here queries events. `access` is how others reach files: on a disk (`listing`), in a store (`objects`), of a
table (`delta`, `iceberg`). A new kind of listing belongs here, and so does a new way to write a column.
`facts` keeps what is known of each file, and the engines read the columns that `mapping` finds.
"""
