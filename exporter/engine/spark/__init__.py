"""The engine of many machines: Spark 4 through Spark Connect, with the SQL of the engine `duckdb`.

Two halves make the tables of a day. What is done to each row is done by DuckDB itself, in Spark's Python workers, with
the very text that one machine runs: columns, timestamps, JSON, amounts, regexes. What joins and counts is Spark SQL,
translated by `translate`, which refuses what no test has proven.

`engine` is the one that `exporter.engine.protocol` describes, `worker` the code that Spark's workers run.
"""

import warnings

warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # whose frames nothing here uses
