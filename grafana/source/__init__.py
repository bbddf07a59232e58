"""What the dashboards are made of. `make dashboards` writes `grafana/dashboards/` from here."""
