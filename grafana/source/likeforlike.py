"""The anchor day like for like: its complete hours against the same hours of the baseline days."""

from __future__ import annotations

from grafana.source import palette, promql
from grafana.source.days import SHARE, WHOLE
from grafana.source.kinds import coloured, table
from grafana.source.panels import Panel, joined, override, ref, targets
from grafana.source.shares import lower_limit, upper_limit
from grafana.source.volumes import PRICED_LIMIT, baseline, expected, least, low

VOLUMES = {
    "Events": "events",
    "Purchases": "purchases",
    "Purchases with an amount": "priced_purchases",
    "Revenue": "revenue",
    "Sessions": "sessions",
}
SHARES = {
    "Sessions with a purchase": "conversion",
    "Direct sessions": "direct_session",
    "Assisted purchases": "assisted",
    "Events without a client id": "null_client",
    "Events without a referrer": "missing_referrer",
    "Events without UTM": "missing_utm",
    "Events by bots": "bot",
}
CHECKS = {
    "Events": ("EventVolumeDrop",),
    "Purchases": ("NoPurchases",),
    "Revenue": ("RevenueDrop",),
    "Sessions": ("SessionsDrop",),
    "Sessions with a purchase": ("ConversionRateDrop",),
    "Direct sessions": ("DirectShareHigh", "DirectShareDrop"),
    "Assisted purchases": ("AssistedShareDrop",),
    "Events without a client id": ("NullClientIds",),
    "Events without a referrer": ("MissingReferrer",),
    "Events without UTM": ("MissingUtm",),
    "Events by bots": ("BotShareHigh",),
}
INCREASES = {
    "Direct sessions": "direct_share_increase",
    "Events without a client id": "null_client_increase",
    "Events without a referrer": "missing_referrer_increase",
    "Events without UTM": "missing_utm_increase",
    "Events by bots": "bot_share_increase",
}
DROPS = {
    "Sessions with a purchase": "conversion_drop_ratio",
    "Direct sessions": "direct_share_drop_ratio",
    "Assisted purchases": "assisted_drop_ratio",
}


def _state(measures: dict[str, str]) -> str:
    """The state of the checks of each measure, by severity where one fires."""
    return promql.named({each: promql.state(*CHECKS[each]) for each in measures if each in CHECKS})


def _table(title: str, description: str, columns: dict[str, str], unit: str, states: str) -> Panel:
    """A table of these columns, each with its query, and of the state of the checks."""
    names = {f"Value #{ref(index)}": name for index, name in enumerate([*columns, "Check"])}
    return table(
        title,
        description,
        targets(*columns.values(), states),
        {"custom": {"align": "right", "minWidth": 80}, "unit": unit, "noValue": "-"}
        | ({} if unit == SHARE else {"decimals": 0}),
        transformations=joined("measure", {"measure": "Measure"} | names),
        overrides=[
            override("Measure", custom_align="left", custom_width=200),
            override("Difference", unit="percentunit", decimals=1),
            override(
                "Check", mappings=palette.mapping(palette.STATES), custom_cellOptions=coloured(), custom_align="center"
            ),
        ],
    )


def _recorded(measures: dict[str, str], kind: str) -> dict[str, str]:
    return {measure: promql.number(f"dataset:clickstream_{name}:{kind}") for measure, name in measures.items()}


def _volumes() -> Panel:
    anchor = _recorded(VOLUMES, "anchor")
    mean = {measure: baseline(name) for measure, name in VOLUMES.items()}
    known = {measure: expected(name) for measure, name in VOLUMES.items() if name not in ("purchases", "sessions")}
    compared = mean | known
    difference = {measure: f"({anchor[measure]} / ({compared[measure]} > 0) - 1)" for measure in VOLUMES}
    limits = {
        "Events": least("events", "event_drop_ratio"),
        "Purchases with an amount": PRICED_LIMIT,
        "Revenue": low("revenue", "revenue_drop_ratio"),
    }
    columns = {
        "Anchor day": anchor,
        "7-day mean": mean,
        "Expected": known,
        "Difference": difference,
        "Limit": limits,
    }
    return _table(
        "Like for like: volumes",
        "The complete hours of the anchor day, the mean of the same hours on the baseline days, and what this weekday "
        "brings. The difference is to what is expected, or else to the mean. The alert fires below the limit; "
        "RevenueDrop needs further evidence, such as purchases with an amount below theirs.",
        {name: promql.named(numbers) for name, numbers in columns.items()},
        WHOLE,
        _state(VOLUMES),
    )


def _shares() -> Panel:
    anchor, before = _recorded(SHARES, "comparable_ratio"), _recorded(SHARES, "baseline_ratio")
    columns = {
        "Anchor day": anchor,
        "Baseline": before,
        "Difference": {measure: f"({anchor[measure]} - {before[measure]})" for measure in SHARES},
        "Lower limit": {measure: lower_limit(SHARES[measure], name) for measure, name in DROPS.items()},
        "Upper limit": {measure: upper_limit(SHARES[measure], name) for measure, name in INCREASES.items()},
    }
    return _table(
        "Like for like: shares",
        "The same for shares; the difference is in percentage points. The baseline is the median of up to four weeks, "
        "except for sessions with a purchase and assisted purchases: there it is the share in the seven days before. "
        "The limits allow for chance. Events without a client id and direct sessions also have a whole-day limit.",
        {name: promql.named(numbers) for name, numbers in columns.items()},
        SHARE,
        _state(SHARES),
    )


PANELS = [(12, _volumes()), (12, _shares())]
