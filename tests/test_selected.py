"""What a simulation serves: the samples that the rules select, and no others."""

from __future__ import annotations

import math
from typing import Any

import pytest

from alerting.simulate.selected import selected
from exporter.config.model import Links
from exporter.gauges.sample import Sample
from exporter.gauges.snapshot import Snapshot
from exporter.gauges.view import Refresh, View

SELECTED: dict[str, tuple[str, dict[str, str]]] = {
    "of the anchor day": ("missing_column_events", {"column": "referrer", "lag": "0"}),
    "of a pattern of lags": ("events", {"lag": "28"}),
    "of several names": ("repeated_purchases", {"lag": "3"}),
    "without matchers": ("snapshot", {}),
    "of another label": ("missing_hours", {"part": "start"}),
    "in a message alone": ("unreadable_file_info", {"file": "a.parquet"}),
    "beside what a template fills in": ("switched_off_info", {"check": "NoData", "reason": "by hand"}),
}
OTHERS: dict[str, tuple[str, dict[str, str]]] = {
    "a lag too old": ("purchases", {"lag": "29"}),
    "an earlier day": ("missing_column_events", {"column": "referrer", "lag": "1"}),
    "for dashboards": ("day_last_event_clock_seconds", {"lag": "0"}),
    "part of a name": ("event", {}),
}


def kept(name: str, labels: dict[str, str], value: float = 1.0) -> bool:
    """Whether the sample is served."""
    sample = Sample(f"clickstream_{name}", tuple(sorted(labels.items())), value)
    return selected(_view(sample)).snapshot == _view(sample).snapshot


def _view(*samples: Sample) -> View:
    return View("shop", Snapshot("shop", None, 5, samples), Refresh(success=True), Links(), ())


@pytest.mark.parametrize(("name", "labels"), SELECTED.values(), ids=SELECTED)
def test_what_a_rule_selects_is_served(name: str, labels: dict[str, Any]) -> None:
    """Whether by its expression or by the message of its alert."""
    assert kept(name, labels)


@pytest.mark.parametrize(("name", "labels"), OTHERS.values(), ids=OTHERS)
def test_what_no_rule_selects_is_not(name: str, labels: dict[str, Any]) -> None:
    """NaN is the exception: the rules look for it in every gauge."""
    assert not kept(name, labels)
    assert kept(name, labels, math.nan)


def test_a_data_set_without_a_snapshot_stays_as_it_is() -> None:
    """It has no samples to select from."""
    failed = View("shop", None, Refresh(success=False), Links(), ())
    assert selected(failed) == failed
