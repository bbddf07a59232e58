"""Which samples the rules select: a simulation serves no others, because nobody else looks at them."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache
from itertools import chain

from alerting import rulefile
from exporter.gauges.view import View

_OF_A_GAUGE = re.compile(r"(?<![:\w])(clickstream_\w+)(?![:\w])(?:\{([^{}]*)\})?")
_OF_SEVERAL = re.compile(r'\{__name__=~"([^"]*)"([^{}]*)\}')
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')

_OF_ALL = ("dataset", "job", "instance")
"""Labels that every sample has, whatever they are."""

_ANY = "clickstream_any"
"""Stands for every gauge: what selects it, too, only counts the series that are served, whichever these are."""

Labels = tuple[tuple[str, str], ...]
Matchers = tuple[tuple[str, str, str], ...]
"""Label, operator and value of each matcher of a selector."""


def selected(view: View) -> View:
    """The data set with the samples that a rule, or the text of an alert, selects, and with those that are NaN."""
    if view.snapshot is None:
        return view
    kept = (each for each in view.snapshot.samples if _is_selected(each.gauge, each.labels) or math.isnan(each.value))
    return replace(view, snapshot=replace(view.snapshot, samples=tuple(kept)))


@cache
def _is_selected(gauge: str, labels: Labels) -> bool:
    found = dict(labels)
    return any(all(_matches(found.get(name, ""), *rest) for name, *rest in each) for each in _selectors_of(gauge))


def _matches(found: str, operator: str, value: str) -> bool:
    matches = re.fullmatch(value, found) is not None if "~" in operator else found == value
    return matches is not operator.startswith("!")


@cache
def _selectors_of(gauge: str) -> list[Matchers]:
    return [matchers for names, matchers in _selectors() if re.fullmatch(names, gauge)]


@cache
def _selectors() -> list[tuple[str, Matchers]]:
    """Each selector in the rules: a pattern of names, and its matchers, but for those that a template fills in."""
    rules = list(chain(*rulefile.groups().values()))
    texts = [text for rule in rules for text in (rule["expr"], *rule.get("annotations", {}).values())]
    found = [
        each.groups("") for text in texts for each in chain(_OF_A_GAUGE.finditer(text), _OF_SEVERAL.finditer(text))
    ]
    unique = dict.fromkeys((names, _matchers(text)) for names, text in found)
    return [(names, matchers) for names, matchers in unique if not re.fullmatch(names, _ANY)]


def _matchers(text: str) -> Matchers:
    return tuple(each for each in _MATCHER.findall(text) if each[0] not in _OF_ALL)
