"""The verdict for people and machines, a format a module. `report` and `check` print it."""
