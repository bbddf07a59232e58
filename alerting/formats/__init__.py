"""Formats of the verdict for people and machines, one per module; `report` and `check` print them."""
