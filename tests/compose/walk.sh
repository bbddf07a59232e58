#!/usr/bin/env bash
# Brings the stack up with demo data on this machine's Docker engine, walks through it, and removes it again.
# Exit code 77 where there is no engine. It needs the ports 3000, 9090, 9093 and 9847, curl and python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
unset CLICKSTREAM_CONFIG CLICKSTREAM_DATA CLICKSTREAM_SECRETS

if ! reason=$(docker info --format '{{with .ServerErrors}}{{index . 0}}{{end}}' 2>&1) || [ -n "$reason" ]; then
  echo "skipped: no Docker engine: ${reason##*$'\n'}" >&2
  exit 77
fi
docker compose version >/dev/null 2>&1 || { echo 'skipped: no docker compose' >&2; exit 77; }

stack() { docker compose --env-file /dev/null --project-name clickstream-walk "$@"; }
get() { curl -fsS --noproxy '*' --max-time 10 "http://127.0.0.1:$1"; }
holds() { python3 -c "import json, sys; answer = json.load(sys.stdin); assert $1, answer"; }
say() { printf '%3d s  %s\n' "$SECONDS" "$1"; }
eventually() {
  for _ in $(seq 60); do "$@" 2>/dev/null && return; sleep 1; done
  "$@"
}

trap 'stack down --volumes --timeout 5 >/dev/null 2>&1' EXIT
stack build --quiet
SECONDS=0
stack up --detach --quiet-pull 2>/dev/null
say 'exporter, Alertmanager and Prometheus are healthy'

grafana_is_healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' clickstream-walk-grafana-1)" = healthy ]; }
eventually grafana_is_healthy
say 'Grafana is healthy'

get 9847/metrics | grep '^clickstream_events{dataset="shop",lag="0"}' >/dev/null
target_is_up() { get 9090/api/v1/targets | holds 'answer["data"]["activeTargets"][0]["health"] == "up"'; }
eventually target_is_up
say 'Prometheus scrapes the exporter'

get 9090/api/v1/rules | holds 'len(answer["data"]["groups"]) == 2'
rules_are_well() {
  get 9090/api/v1/rules | holds 'all(r["health"] == "ok" for g in answer["data"]["groups"] for r in g["rules"])'
}
eventually rules_are_well
say 'every rule is evaluated'

dashboards=(grafana/dashboards/*.json)
dashboards_are_there() { get '3000/api/search?type=dash-db' | holds "len(answer) == ${#dashboards[@]}"; }
eventually dashboards_are_there
get '3000/api/datasources/proxy/uid/prometheus/api/v1/query?query=up' | holds 'answer["data"]["result"]'
say 'Grafana has the dashboards, and asks Prometheus'

status=0
stack run --rm report 2>/dev/null >/tmp/clickstream-walk.$$ || status=$?
holds '"Revenue drop" in str(answer["alerts"])' </tmp/clickstream-walk.$$
rm /tmp/clickstream-walk.$$
[ "$status" = 1 ]
say 'the report finds the revenue drop of the demo'

for service in exporter prometheus alertmanager; do
  stack exec -T "$service" sh -c '! (: >/nothing-is-written) 2>/dev/null && [ "$(id -u)" != 0 ]'
done
say 'no container is root, or can write into its image'
