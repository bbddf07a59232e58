"""Segments of the traffic: events by platform, device class and name, against their usual share."""

from __future__ import annotations

from collections.abc import Mapping

from grafana.source import palette, promql
from grafana.source.dates import bars, by_date
from grafana.source.kinds import table
from grafana.source.panels import Panel, joined, override, targets, transform


def _stacked(title: str, gauge: str, label: str, colours: Mapping[str, str]) -> Panel:
    """The events of each day by the values of a label."""
    return by_date(
        title,
        "Whole days. SegmentDrop fires if one has far fewer events than its usual share predicts.",
        [bars(name, promql.of_day(gauge, f',{label}="{name}"'), colour) for name, colour in colours.items()],
        "short",
    )


PLATFORMS = _stacked("Events by platform", "platform_events", "platform", palette.PLATFORMS)
DEVICES = _stacked("Events by device class", "device_events", "device", palette.DEVICES)

_SEGMENT = "dataset_segment:clickstream_segment_events"
_LABELS = "dimension, segment"
_COUNT = 12


def _segments(kind: str) -> str:
    return f"max by ({_LABELS}) ({_SEGMENT}:{kind}{{{promql.ONE}}} > -Inf)"


_LARGEST = f"topk({_COUNT}, {_segments('drop_ratio')})"
_KEY = 'label_join({}, "key", "/", "dimension", "segment")'


def _of_shown(expr: str) -> str:
    """A number of the segments shown."""
    return f"max by (key) ({_KEY.format(f'({expr} and on ({_LABELS}) {_LARGEST})')})"


LOST = table(
    "Segments with the largest drop",
    f"The {_COUNT} devices, platforms and event names furthest below the events that their usual share predicts, which "
    "is the median of up to four weeks. Over the complete hours. SegmentDrop fires above the limit, which is higher "
    "where chance explains more.",
    targets(
        _KEY.format(_LARGEST),
        *(
            _of_shown(each)
            for each in (
                _segments("anchor"),
                _segments("expected"),
                f"clamp_min({_segments('noise')}, scalar({promql.limit('segment_drop_ratio')}))",
            )
        ),
    ),
    {"custom": {"align": "left", "minWidth": 60}, "noValue": "Not judged: there is no baseline."},
    transformations=[
        *joined(
            "key",
            {
                "dimension": "By",
                "segment": "Segment",
                "Value #B": "Events",
                "Value #C": "Expected",
                "Value #A": "Lost",
                "Value #D": "Limit",
            },
        ),
        transform("sortBy", fields={}, sort=[{"field": "Lost", "desc": True}]),
    ],
    overrides=[
        *(override(name, decimals=0) for name in ("Events", "Expected")),
        *(override(name, unit="percentunit", decimals=1) for name in ("Lost", "Limit")),
    ],
)
