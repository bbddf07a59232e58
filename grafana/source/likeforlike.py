"""The anchor day like for like: its complete hours against the same hours of the baseline days."""

from __future__ import annotations

from grafana.source import palette, promql
from grafana.source.days import SHARE, WHOLE
from grafana.source.kinds import coloured, table
from grafana.source.panels import Panel, joined, override, targets
from grafana.source.volumes import EVENTS_LIMIT, at_limit, baseline

VOLUMES = {"Events": "events", "Purchases": "purchases", "Revenue": "revenue", "Sessions": "sessions"}
SHARES = {
    "Sessions with a purchase": "conversion",
    "Direct sessions": "direct_session",
    "Assisted purchases": "assisted",
    "Events without a client id": "null_client",
    "Events without a referrer": "missing_referrer",
    "Events without UTM": "missing_utm",
}
CHECKS = {
    "Events": "EventVolumeDrop",
    "Purchases": "NoPurchases",
    "Revenue": "RevenueDrop",
    "Sessions with a purchase": "ConversionRateDrop",
    "Direct sessions": "DirectShareHigh",
    "Assisted purchases": "AssistedShareDrop",
    "Events without a client id": "NullClientIds",
    "Events without a referrer": "MissingReferrer",
    "Events without UTM": "MissingUtm",
}

_COLUMNS = {
    "measure": "Measure",
    "Value #A": "Anchor day",
    "Value #B": "Baseline",
    "Value #C": "Difference",
    "Value #D": "Limit",
    "Value #E": "Check",
}


def _state(measures: dict[str, str]) -> str:
    """The state of the check of each measure, by severity where it fires."""
    return promql.named({measure: promql.state(CHECKS[measure]) for measure in measures if measure in CHECKS})


def _table(title: str, description: str, queries: list[str], unit: str, states: str) -> Panel:
    return table(
        title,
        description,
        targets(*queries, states),
        {"custom": {"align": "right", "minWidth": 80}, "unit": unit, "noValue": "-"}
        | ({} if unit == SHARE else {"decimals": 0}),
        transformations=joined("measure", _COLUMNS),
        overrides=[
            override("Measure", custom_align="left", custom_width=220),
            override("Difference", unit="percentunit", decimals=1),
            override(
                "Check", mappings=palette.mapping(palette.STATES), custom_cellOptions=coloured(), custom_align="center"
            ),
        ],
    )


def _recorded(measures: dict[str, str], kind: str) -> dict[str, str]:
    return {measure: promql.number(f"dataset:clickstream_{name}:{kind}") for measure, name in measures.items()}


def _volumes() -> Panel:
    anchor, before = _recorded(VOLUMES, "anchor"), _recorded(VOLUMES, "baseline")
    difference = {measure: f"({anchor[measure]} / ({baseline(name)} > 0) - 1)" for measure, name in VOLUMES.items()}
    limits = {
        "Events": EVENTS_LIMIT,
        "Revenue": at_limit("revenue", "revenue_drop_ratio", "-"),
    }
    return _table(
        "Like for like: volumes",
        "The complete hours of the anchor day against the mean of the same hours on the baseline days. The alert fires "
        "below the limit.",
        [promql.named(each) for each in (anchor, before, difference, limits)],
        WHOLE,
        _state(VOLUMES),
    )


def _shares() -> Panel:
    anchor, before = _recorded(SHARES, "comparable_ratio"), _recorded(SHARES, "baseline_ratio")
    difference = {measure: f"({anchor[measure]} - {before[measure]})" for measure in SHARES}
    dropped = {"conversion": "conversion_drop_ratio", "assisted": "assisted_drop_ratio"}
    limits = {
        measure: f"{before[measure]} * (1 - {promql.limit(dropped[name])})"
        if name in dropped
        else f"({before[measure]} + {promql.limit(f'{name}_increase'.replace('session', 'share'))})"
        for measure, name in SHARES.items()
    }
    return _table(
        "Like for like: shares",
        "The same for shares, with the difference in percentage points. Conversion and assisted purchases fire below "
        "the limit, all others above it. Events without a client id and direct sessions also have a whole-day limit.",
        [promql.named(each) for each in (anchor, before, difference, limits)],
        SHARE,
        _state(SHARES),
    )


PANELS = [(12, _volumes()), (12, _shares())]
