"""How often the rules raise a false alarm on healthy days, and how often they find a fault, by the size of the shop.

Everything is simulated but the rules and what evaluates them:

    shops        what drives the days of healthy shops, and the faults that change it
    counts       what is counted on days that are driven so
    served       these days as an exporter serves them
    judged       what the shipped rules find in them, on a real Prometheus
    samples      samples of days by size and fault, judged batch by batch
    table        false alarms and found faults as Markdown
    quality      the command
    drop_tables  days with all that makes a baseline difficult, for the oracle of drops
"""
