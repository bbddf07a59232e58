"""Writes alerting/rules/clickstream.yml: `python -m alerting.mixin`, or `make rules`.

A new check is an entry in `pipeline`, `integrity`, `business` or, where it reports why others are off, `reasons`.
Their numbers are recorded by `numbers`, `baselines`, `shares` and `day_parts`, their minimums by `guards`; `messages`
has the templates of their sentences. Nothing at run time imports this package.
"""
