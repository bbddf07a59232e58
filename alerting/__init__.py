"""The verdict about a day: rules for Prometheus, and the commands that judge what Alertmanager lists.

    report, check, drill   the commands; `arguments` and `publish` are what they share
    runbook, query         the SQL in runbooks/, and `clickstream-check --sql`, which prints or runs it
    compare_engines        `clickstream-check --compare-engines`
    gate       turns Alertmanager's answer into a verdict that is proven, or unknown
    http       requests with deadlines, and checked answers
    formats    the verdict as JSON, text, Markdown, HTML, JUnit and EMF
    simulate   the verdict about each day of the data: `clickstream-check --simulate`
    stack      temporary servers for `check` and the tests
    mixin      generates rules/, one module per tier
    rulefile   the shipped rules

It imports from `exporter`, never the other way round.
"""
