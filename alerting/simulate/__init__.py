"""What the rules would have done on each day of the data: `clickstream-check CONFIG --simulate`.

    flags      the options
    command    from the configuration to what is printed
    replay     each day through the rules, batch by batch; `cycle` and `served` are its servers
    judged     what was found on each day, and the state of each check
    calendar, checks, pages, changes, scores   what is printed of it
    incidents  the file of --incidents
    result     all of it
    printed    text, JSON and CSV; `html` is the page for people

The days are measured by `exporter.replay`. No rule is evaluated here: states and messages come from Prometheus, and
what is inhibited from Alertmanager, through the same gate as every verdict.
"""
