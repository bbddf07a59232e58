"""Writes alerting/rules/clickstream.yml: `python -m alerting.mixin`, or `make rules`.

One more check is one more entry in `pipeline`, `integrity` or `business`; the modules beside them make its number,
message and reasons. Nothing at run time imports this package.
"""
