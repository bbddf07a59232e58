"""The verdict about a day: rules for Prometheus, and the commands that ask Alertmanager what fires.

    report, check, drill   the commands
    gate       from Alertmanager's answer to a verdict that is proven, or unknown
    http       requests with deadlines, and what servers answer
    formats    the verdict as JSON, text, Markdown, JUnit and EMF
    stack      servers of our own, for `check` and the tests
    mixin      what writes rules/, one module a tier
    rulefile   the rules as they are shipped

It imports from `exporter`, never the other way round.
"""
