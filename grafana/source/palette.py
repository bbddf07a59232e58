"""Colours and the words that go with them: apart for the colour-blind, and never the only sign.

The hues are those of Okabe and Ito, some darker, so that white text can be read on them.
"""

from __future__ import annotations

from typing import Any

IN_ORDER = "#00795C"
CRITICAL = "#C44601"
WARNING = "#E69F00"
INFO = "#56B4E9"
OFF = "#6E6E6E"
UNKNOWN = "#9B4F96"

ANCHOR = "#0072B2"
BASELINE_DAY = "#6BAED6"
NOT_COMPARED = "#B8BCC4"
LIMIT = CRITICAL
BASELINE = "#8E8E8E"

DEVICES = {"desktop": "#0072B2", "mobile": "#E69F00", "tablet": "#00795C", "bot": "#CC79A7", "other": "#8E8E8E"}

UNKNOWN_VERDICT, TRUSTWORTHY, BROKEN = 0, 1, 2
VERDICTS = {
    UNKNOWN_VERDICT: ("UNKNOWN", UNKNOWN),
    TRUSTWORTHY: ("TRUSTWORTHY", IN_ORDER),
    BROKEN: ("BROKEN", CRITICAL),
}

NOT_JUDGED, OK, SWITCHED_OFF, FIRES_INFO, FIRES_WARNING, FIRES_CRITICAL = -1, 0, 2, 3, 4, 5
STATES = {
    NOT_JUDGED: ("not judged", UNKNOWN),
    OK: ("in order", IN_ORDER),
    SWITCHED_OFF: ("switched off", OFF),
    FIRES_INFO: ("info", INFO),
    FIRES_WARNING: ("warning", WARNING),
    FIRES_CRITICAL: ("CRITICAL", CRITICAL),
}

SEVERITIES = {3: ("CRITICAL", CRITICAL), 2: ("warning", WARNING), 1: ("info", INFO)}
YES_NO = {0: ("failed", CRITICAL), 1: ("succeeded", IN_ORDER)}


def mapping(words: dict[int, tuple[str, str]]) -> list[dict[str, Any]]:
    """A value mapping: what each number is called, and its colour."""
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, (text, colour)) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}]


def fixed(colour: str) -> dict[str, str]:
    """One colour, whatever the value."""
    return {"mode": "fixed", "fixedColor": colour}


def steps(colour: str, *above: tuple[float, str]) -> dict[str, Any]:
    """Thresholds: a colour, and others from a value on."""
    rest = [{"value": value, "color": each} for value, each in above]
    return {"mode": "absolute", "steps": [{"value": None, "color": colour}, *rest]}
