"""What the rule file is made of. `make rules` writes `alerting/rules/clickstream.yml` from here."""
