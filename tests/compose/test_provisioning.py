"""What Grafana is given when it starts."""

from __future__ import annotations

from shipped import SERVICES, mounts, parsed

DATA_SOURCE = {"name", "uid", "type", "access", "url", "isDefault", "editable", "jsonData"}
PROVIDER = {"name", "type", "folder", "disableDeletion", "allowUiUpdates", "options"}
"""Keys that Grafana documents; it passes over any other in silence."""


def test_the_data_source_is_the_prometheus_of_the_stack() -> None:
    """Dashboards find it by its uid, and it asks as often as Prometheus scrapes."""
    provisioned = parsed("grafana/provisioning/datasources/prometheus.yml")
    assert provisioned.keys() == {"apiVersion", "datasources"}
    (source,) = provisioned["datasources"]
    assert source.keys() <= DATA_SOURCE
    assert (source["uid"], source["type"], source["isDefault"]) == ("prometheus", "prometheus", True)
    _, port, _ = SERVICES["prometheus"]["ports"][0].split(":")
    assert source["url"] == f"http://prometheus:{port}"
    assert source["jsonData"]["timeInterval"] == parsed("alerting/prometheus.yml")["global"]["scrape_interval"]


def test_the_dashboards_are_where_grafana_looks() -> None:
    """The folder that is provisioned is the one that is mounted."""
    provisioned = parsed("grafana/provisioning/dashboards/clickstream.yml")
    assert provisioned.keys() == {"apiVersion", "providers"}
    (provider,) = provisioned["providers"]
    assert provider.keys() <= PROVIDER
    source, _ = mounts("grafana")[provider["options"]["path"]]
    assert source == "./grafana/dashboards"
    assert mounts("grafana")["/etc/grafana/provisioning"] == ("./grafana/provisioning", True)


def test_the_links_of_the_alerts_lead_to_this_grafana() -> None:
    """The address that the demo's configuration has is the one that is published."""
    assert parsed("exporter/demo/demo.yml")["links"]["grafana"] == "http://localhost:3000"
    assert SERVICES["grafana"]["ports"] == ["127.0.0.1:3000:3000"]
