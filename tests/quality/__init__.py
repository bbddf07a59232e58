"""How often the rules raise a false alarm on healthy days, and how often they find a fault, by the size of the shop.

shops      healthy simulated shops, and the faults of a day
served     simulated days as an exporter serves them
judged     what the shipped rules find in them, on a real Prometheus
table      false alarms and found faults as Markdown
quality    the command
"""
