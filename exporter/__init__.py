"""Measures daily clickstream data in Parquet and serves the numbers as Prometheus gauges.

From the ground up; a package imports only from those above it in this list, and from modules beside them that import
no package:

    config     what a user may write
    files      Parquet files and their columns
    measures   one SQL file, one question
    engine     what queries the files
    facts      what was measured, day by day
    gauges     what is published of the facts
    html       the page for people, drawn from the gauges
    reader     the processes that read
    web        the pages
    preflight  a first look at the data
    demo       a shop with a bad day
    propose    a configuration, proposed from data

`file_names` reads file names as UTF-8 in any locale, `plan` is a configuration with its measures, `refresh` measures
every data set at intervals, `replay` gives each day of a data set as if it were the newest, `backfill` writes the days
by their dates, `ad_hoc` queries a data set for a person, `two_engines` measures a day on both engines, `shipped` writes
the rules and the dashboards into a folder, `cli` is the command with its `flags`, and `init` the one that proposes a
configuration.
Of the packages, only `web` imports from these modules: `plan` and `refresh`.
"""
