"""The segments of the day: which explain a drop that fires, and what each has compared with the days before."""

from __future__ import annotations

from grafana.source import promql
from grafana.source.days import SHARE, WHOLE
from grafana.source.kinds import table
from grafana.source.panels import Panel, joined, override, ref, targets, transform

_RECORDED = "dataset_segment:clickstream_segment"
_EACH = "of, dimension, segment"


def _explained(kind: str) -> str:
    """A number of the segments that explain a drop."""
    ratio = f"max by ({_EACH}) ({_RECORDED}:contribution_ratio{{{promql.ONE}}} > -Inf)"
    number = f"max by ({_EACH}) ({_RECORDED}:{kind}{{{promql.ONE}}} > -Inf)"
    return f"({number} and on ({_EACH}) {ratio})"


def _keyed(expr: str, *labels: str) -> str:
    """The series with one unique label, by which tables are joined, beside their own."""
    listed = '", "'.join(labels)
    return f'label_join({expr}, "key", "/", "{listed}")'


def _of_key(expr: str, *labels: str) -> str:
    return f"max by (key) ({_keyed(expr, *labels)})"


def _by(name: str) -> Panel:
    return transform("sortBy", fields={}, sort=[{"field": name, "desc": name not in ("By", "Drop of")}])


_LABELS = _EACH.split(", ")

CONTRIBUTORS = table(
    "What explains the drop",
    "While EventVolumeDrop, RevenueDrop or ConversionRateDrop fires: the segments that have at least a fifth of the "
    "drop, and far more of it than of the volume. Over the complete hours, against what this weekday brings. Drop of "
    "purchases: that of the conversion rate.",
    targets(
        _keyed(_explained("contribution_ratio"), *_LABELS),
        *(_of_key(_explained(kind), *_LABELS) for kind in ("anchor", "expected")),
    ),
    {
        "custom": {"align": "left", "minWidth": 60},
        "noValue": "No drop fires, or no segment stands out in it.",
    },
    transformations=[
        *joined(
            "key",
            {
                "of": "Drop of",
                "dimension": "By",
                "segment": "Segment",
                "Value #B": "Anchor day",
                "Value #C": "Expected",
                "Value #A": "Explains",
            },
        ),
        _by("Explains"),
        _by("Drop of"),
    ],
    overrides=[
        *(override(name, unit=WHOLE, decimals=0) for name in ("Anchor day", "Expected")),
        override(
            "Explains",
            unit=SHARE,
            decimals=0,
            min=0,
            max=1,
            custom_cellOptions={"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
        ),
    ],
)

_SEGMENT = ("dimension", "segment")
_WHAT = ("events", "purchases", "revenue")
_CHANGE = "{} Δ"


def _of_segments(what: str, lag: str, by: str = "dimension, segment") -> str:
    return f"max by ({by}) (clickstream_comparable_segment_{what}{{{promql.ONE},{lag}}})"


def _day(what: str) -> str:
    """What the segments have on the anchor day; only the labels of the events become columns."""
    keyed = _keyed if what == "events" else _of_key
    return keyed(_of_segments(what, 'lag="0"'), *_SEGMENT)


def _change(what: str) -> str:
    """How far the segments are from their mean on the baseline days."""
    days = _of_segments(what, 'lag!="0"', "lag, dimension, segment")
    mean = f"avg by (dimension, segment) ({days} and on (lag) {promql.baseline_days()})"
    day = _of_segments(what, 'lag="0"')
    return _of_key(f"({day} / on (dimension, segment) ({mean} > 0) - 1)", *_SEGMENT)


_NUMBERS = {
    name: expr
    for what in _WHAT
    for name, expr in ((what.capitalize(), _day(what)), (_CHANGE.format(what.capitalize()), _change(what)))
}

SEGMENTS = table(
    "Devices, channels and other dimensions",
    "The complete hours of the anchor day by segment, and the relative difference to the mean of the same hours on the "
    "baseline days of the week before. A dimension has twelve segments at most, and `other`.",
    targets(*_NUMBERS.values()),
    {"custom": {"align": "right", "minWidth": 70}, "noValue": "-"},
    transformations=[
        *joined(
            "key",
            {"dimension": "By", "segment": "Segment"}
            | {f"Value #{ref(index)}": name for index, name in enumerate(_NUMBERS)},
        ),
        _by("Events"),
        _by("By"),
    ],
    overrides=[
        override("By", custom_align="left", custom_width=90),
        override("Segment", custom_align="left", custom_width=150),
        *(override(what.capitalize(), unit=WHOLE, decimals=0) for what in _WHAT),
        *(override(_CHANGE.format(what.capitalize()), unit=SHARE, decimals=1) for what in _WHAT),
    ],
)
