"""alerting/mixin.libsonnet gives what is shipped, as other mixins do."""

from __future__ import annotations

import json

import pytest

from alerting import rulefile
from tests.support.documents import ROOT

_jsonnet = pytest.importorskip("_jsonnet", reason="PyPI's jsonnet is not installed")

BESIDE_ANOTHER = """
local other = { prometheusAlerts+:: { groups+: [{ name: 'other', rules: [] }] }, prometheusRules+:: { groups+: [] } };
local mixin = other + (import 'alerting/mixin.libsonnet');
[mixin.prometheusAlerts + mixin.prometheusRules, mixin.grafanaDashboards]
"""


def test_the_mixin_is_what_is_shipped() -> None:
    """Beside the rules of another mixin, every rule in its group and order, and every dashboard by its file name."""
    rules, dashboards = json.loads(_jsonnet.evaluate_snippet("x", BESIDE_ANOTHER, jpathdir=[str(ROOT)]))
    assert {each["name"]: each["rules"] for each in rules["groups"]} == {"other": []} | rulefile.groups()
    shipped = (ROOT / "grafana/dashboards").iterdir()
    assert dashboards == {each.name: json.loads(each.read_text("utf-8")) for each in shipped}
