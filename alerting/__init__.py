"""Judges the exported numbers: alerting rules, the checks that replay them, and their report."""
