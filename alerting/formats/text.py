"""The verdict for a terminal, as the person on call reads it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from alerting.formats.advice import advice
from alerting.formats.outline import about, judged, not_judged, owner, plain, sections, word
from alerting.gate.verdict import Line, Verdict

WIDTH = 100
"""Columns of a line; longer names are not broken."""

_LABEL = 10
COLOURS = {"FAIL": "31", "UNKNOWN": "35", "PASS": "32", "CRITICAL": "31", "WARN": "33"}
"""Red, magenta, green and yellow, as ANSI numbers them."""


def text(verdict: Verdict, width: int = WIDTH, *, colour: bool = False) -> str:
    """The verdict in lines of `width` columns, in colour if that is requested."""
    lines = list(_labelled(word(verdict), about(verdict), width, colour, indent=""))
    if named := owner(verdict):
        lines += _wrapped(f"Owner: {named}", width, " " * _LABEL)
    if verdict.proven:
        for section in sections(verdict):
            lines += ["", section.title]
            lines += [shown for line in section.lines for shown in _alert(line, width, colour)]
        lines += ["", judged(verdict), *_items(not_judged(verdict), width)]
    else:
        lines += _listed("Reasons", verdict.missing, width)
        lines += _listed("What to do", advice(verdict), width)
    return "\n".join(lines) + "\n"


def _alert(line: Line, width: int, colour: bool) -> Iterator[str]:
    """An alert: its message, description and runbook."""
    yield from _labelled(line.severity, line.message, width, colour)
    for further in filter(None, (line.description, line.runbook)):
        yield from _wrapped(further, width, " " * (2 + _LABEL))


def _labelled(label: str, content: str, width: int, colour: bool, indent: str = "  ") -> Iterator[str]:
    first, *others = _wrapped(content, width, " " * (len(indent) + _LABEL))
    number = COLOURS.get(label) if colour else None
    shown = f"\x1b[{number}m{label}\x1b[0m" if number else label
    yield indent + shown + " " * (_LABEL - len(label)) + first.lstrip()
    yield from others


def _listed(title: str, items: list[str] | tuple[str, ...], width: int) -> Iterator[str]:
    if items:
        yield from ("", title)
    yield from _items(items, width)


def _items(items: Sequence[str], width: int) -> Iterator[str]:
    for item in items:
        first, *others = _wrapped(item, width, " " * 4)
        yield "  - " + first.lstrip()
        yield from others


def _wrapped(content: str, width: int, indent: str) -> list[str]:
    """The lines of a text, each indented; at least one."""
    found = textwrap.wrap(
        plain(content),
        max(width, 40),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return found or [indent]
