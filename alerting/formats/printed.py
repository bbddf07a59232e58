"""Renders a verdict in the requested format."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from alerting.formats import junit
from alerting.formats.emf import emf
from alerting.formats.markdown import markdown
from alerting.formats.outline import not_judged, owner
from alerting.formats.text import WIDTH, text
from alerting.gate.day_numbers import day_numbers
from alerting.gate.verdict import Verdict, by_severity
from exporter.gauges.sample import Sample

FORMATS = ("json", "text", "markdown", "html", "junit", "emf")


def printed(verdict: Verdict, form: str, to: TextIO, *, details: bool = False, samples: Sequence[Sample] = ()) -> str:
    """The verdict in one of the `FORMATS`, in the encoding of `to`; html and emf have the `samples` of the day."""
    if form == "json":
        return as_json(day_report(verdict, details=details), to.encoding or "utf-8")
    if form == "text":
        output = _for_terminal(verdict) if to.isatty() else text(verdict)
    elif form == "markdown":
        output = markdown(verdict)
    elif form == "html":
        from alerting.formats.html import html  # noqa: PLC0415 - no other format needs what draws

        output = html(verdict, samples)
    elif form == "junit":
        output = str(junit.document(verdict), "utf-8")
    else:
        output = emf(verdict, day_numbers(samples), datetime.now(UTC))
    encoding = to.encoding or "utf-8"
    return output.encode(encoding, "xmlcharrefreplace" if form == "junit" else "replace").decode(encoding)


def _for_terminal(verdict: Verdict) -> str:
    """The text as wide as the terminal, in colours unless NO_COLOR (no-color.org) or the terminal forbids it."""
    columns = shutil.get_terminal_size((WIDTH, 24)).columns
    return text(verdict, min(columns, WIDTH), colour=takes_colours())


def takes_colours() -> bool:
    """Whether a terminal shows colours."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def as_json(report: Mapping[str, Any], encoding: str) -> str:
    """The report as JSON, with escapes where the encoding lacks a character."""
    output = json.dumps(report, indent=2, ensure_ascii=False)
    try:
        output.encode(encoding)
    except UnicodeEncodeError:
        output = json.dumps(report, indent=2)
    return output + "\n"


def day_report(verdict: Verdict, *, details: bool) -> dict[str, Any]:
    """The verdict as it is printed as JSON."""
    lines = by_severity((*verdict.lines, *verdict.inhibited)) if details else verdict.lines
    found: dict[str, Any] = {
        "date": verdict.date,
        "alerts": [{"severity": line.severity, "message": line.message} for line in lines],
        "status": verdict.status,
    }
    if details:
        found["details"] = {
            "dataset": verdict.dataset,
            "snapshot": verdict.snapshot,
            "judged": verdict.judged,
            "switched_off": list(verdict.switched_off),
            "reasons": not_judged(verdict) if verdict.proven else [],
        }
        if named := owner(verdict):
            found["details"]["owner"] = named
    return found
