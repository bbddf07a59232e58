// The generated rules and dashboards as a mixin: (import 'alerting/mixin.libsonnet').prometheusAlerts
{
  grafanaDashboards+:: {
    'clickstream-overview.json': import '../grafana/dashboards/clickstream-overview.json',
    'clickstream-dataset.json': import '../grafana/dashboards/clickstream-dataset.json',
    'clickstream-exporter.json': import '../grafana/dashboards/clickstream-exporter.json',
  },

  // Recording rules and alerts stay in their groups: they must run in sequence, and the certificate at the end vouches
  // for all of them.
  prometheusAlerts+:: { groups+: std.parseYaml(importstr 'rules/clickstream.yml').groups },
  prometheusRules+:: { groups+: [] },
}
