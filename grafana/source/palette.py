"""Colours and their labels: distinguishable for the colour-blind, and never the only signal.

The hues are those of Okabe and Ito, some darker, so that white text can be read on them.
"""

from __future__ import annotations

from typing import Any

IN_ORDER = "#00795C"
QUIET = "rgba(0, 121, 92, 0.25)"
"""For healthy cells in a large table, so that the others stand out."""

CRITICAL = "#C44601"
WARNING = "#F2BB0C"
INFO = "#1F78B4"
OFF = "#6E6E6E"
UNKNOWN = "#9B4F96"

ANCHOR = "#0072B2"
BASELINE_DAY = "#6BAED6"
NOT_COMPARED = "#8E8E8E"
EXCLUDED = "#9E9AC8"
BASELINE = "text"

DEVICES = {"mobile": "#56B4E9", "desktop": "#0072B2", "tablet": "#CC79A7", "bot": "#00795C", "other": "#8E8E8E"}
PLATFORMS = {
    "android": "#00795C", "ios": "#56B4E9", "windows": "#0072B2", "macos": "#CC79A7", "chromeos": "#E69F00",
    "linux": "#D55E00", "bot": "#9B4F96", "other": "#8E8E8E",
}  # fmt: skip

SEVERITY = {"critical": CRITICAL, "warning": WARNING, "info": INFO}

TRUSTWORTHY, UNKNOWN_VERDICT, BROKEN = 1, 2, 3
VERDICTS = {
    UNKNOWN_VERDICT: ("UNKNOWN", UNKNOWN),
    TRUSTWORTHY: ("TRUSTWORTHY", IN_ORDER),
    BROKEN: ("BROKEN", CRITICAL),
}

NOT_JUDGED, OK, SWITCHED_OFF, FIRES_INFO, FIRES_WARNING, FIRES_CRITICAL = -1, 0, 2, 3, 4, 5
FIRES = {"critical": FIRES_CRITICAL, "warning": FIRES_WARNING, "info": FIRES_INFO}
STATES = {
    NOT_JUDGED: ("not judged", UNKNOWN),
    OK: ("ok", QUIET),
    SWITCHED_OFF: ("off", OFF),
    FIRES_INFO: ("info", INFO),
    FIRES_WARNING: ("warning", WARNING),
    FIRES_CRITICAL: ("CRITICAL", CRITICAL),
}

SEVERITIES = {3: ("CRITICAL", CRITICAL), 2: ("warning", WARNING), 1: ("info", INFO)}
YES_NO = {0: ("failed", CRITICAL), 1: ("succeeded", IN_ORDER)}


def mapping(labels: dict[int, tuple[str, str]]) -> list[dict[str, Any]]:
    """Value mappings: the label and colour of each number; null is transparent."""
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, (text, colour)) in enumerate(labels.items())
    }
    nothing = {"match": "null", "result": {"text": "-", "color": "transparent", "index": len(labels)}}
    return [{"type": "value", "options": options}, {"type": "special", "options": nothing}]


def fixed(colour: str) -> dict[str, str]:
    """One colour, whatever the value."""
    return {"mode": "fixed", "fixedColor": colour}


def steps(colour: str, *above: tuple[float, str]) -> dict[str, Any]:
    """Thresholds: a base colour, and others above certain values."""
    rest = [{"value": value, "color": each} for value, each in above]
    return {"mode": "absolute", "steps": [{"value": None, "color": colour}, *rest]}
