"""The source of the dashboards: `make dashboards` writes `grafana/dashboards/` from it."""
