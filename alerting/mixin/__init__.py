"""Writes alerting/rules/clickstream.yml: `python -m alerting.mixin`, or `make rules`.

A new check is an entry in `pipeline`, `integrity`, `business` or, where it reports why others are off, `reasons`.
Their numbers are recorded by `numbers`, `baselines`, `shares`, `drops`, `day_parts` and `watched`, their minimums by
`guards`, what explains a drop by `contributors`, and which guard switches off which check by `switched_off`;
`messages` and `drop_messages` have the templates of their sentences. `fragment` makes
alerting/alertmanager.fragment.yml of alerting/alertmanager.yml. Nothing at run time imports this package.
"""
