"""Judges the data: rules, Alertmanager, the report and the gate."""
