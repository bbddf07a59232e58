"""Measures daily clickstream data in Parquet and serves the numbers as Prometheus gauges.

Each package imports only from those above it, and from the modules beside them here that import no package:

    config     what a user may write          gauges   what is published of the facts
    files      Parquet files and their columns   reader   the processes that read
    measures   one SQL file, one question     web      the pages
    engine     what queries the files         demo     a shop with a bad day
    facts      what was measured, day by day

`file_names` reads file names as UTF-8 in any locale, `plan` is a configuration with its measures, `refresh` measures
every data set at intervals, `preflight` compares a configuration with the data, and `cli` is the command.
Of the packages, only `web` imports from these modules: `plan` and `refresh`.
"""
