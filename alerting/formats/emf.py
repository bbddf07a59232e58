"""The verdict and the day's numbers for CloudWatch: one document of the Embedded Metric Format a line.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from alerting.gate.verdict import PASS, Verdict

NAMESPACE = "Clickstream"
MAX_METRICS = 100
"""Metrics in one document."""

_MAX_VALUE = 2.0**360
"""CloudWatch refuses larger values, NaN and infinities."""

_NAME = re.compile(r"[!-~]{1,255}")
_DIMENSION = re.compile(r"(?!:)[ -~]{0,1023}[!-~]")
_COUNTED = re.compile(r"_(events|purchases|sessions)(_|$)")


def emf(verdict: Verdict, numbers: Mapping[str, float], now: datetime) -> str:
    """The documents, one a line, without the metrics that CloudWatch would refuse."""
    metrics = [each for each in (*_judged(verdict), *sorted(numbers.items())) if _is_metric(*each)]
    documents = [
        _document(verdict, dict(metrics[at : at + MAX_METRICS]), now) for at in range(0, len(metrics), MAX_METRICS)
    ]
    return "".join(json.dumps(document, allow_nan=False) + "\n" for document in documents)


def _judged(verdict: Verdict) -> Iterator[tuple[str, float]]:
    """The verdict as metrics; an unknown one has only `Pass` and `Unknown`."""
    yield "Pass", int(verdict.status == PASS)
    yield "Unknown", int(not verdict.proven)
    if verdict.proven:
        severities = [line.severity for line in verdict.lines]
        yield "CriticalAlerts", severities.count("CRITICAL")
        yield "Warnings", severities.count("WARN")
        yield "SwitchedOffChecks", len(verdict.switched_off)


def _is_metric(name: str, value: float) -> bool:
    # NaN compares as false, so it is refused, too.
    return bool(_NAME.fullmatch(name)) and abs(value) <= _MAX_VALUE


def _document(verdict: Verdict, metrics: Mapping[str, float], now: datetime) -> dict[str, Any]:
    """A document; date and snapshot are properties, which are searchable and cost nothing."""
    dataset = verdict.dataset or ""
    dimensions = {"dataset": dataset} if _DIMENSION.fullmatch(dataset) else {}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": _unit(name)} for name in metrics],
    }
    about = {"date": verdict.date, "snapshot": verdict.snapshot, "status": verdict.status}
    metadata = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": metadata, **dimensions, **{key: value for key, value in about.items() if value}, **metrics}


def _unit(name: str) -> str:
    """CloudWatch's unit of a metric: Count, Seconds, or None for any other."""
    if name.endswith("_seconds"):
        return "Seconds"
    return "Count" if name[:1].isupper() or _COUNTED.search(name) else "None"
