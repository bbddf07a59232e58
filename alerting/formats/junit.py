"""The verdict as JUnit XML, which every CI server can display: one test case per check."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from alerting import rulefile
from alerting.formats.outline import owner, reason
from alerting.gate.verdict import Line, Verdict

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


def write(path: Path, verdict: Verdict) -> None:
    """Write the verdict to `path` atomically. Raises OSError."""
    unfinished = path.with_name(f".{path.name}.tmp")
    unfinished.write_bytes(document(verdict))
    os.replace(unfinished, path)


def document(verdict: Verdict) -> bytes:
    """The verdict as XML: a critical alert is a failure, an unknown verdict an error, a check that is off skipped."""
    suite = Element("testsuite", name=_text(f"clickstream {verdict.dataset or ''}".strip()))
    properties = {"date": verdict.date, "snapshot": verdict.snapshot, "status": verdict.status}
    properties |= {"owner": owner(verdict) or None}
    if verdict.proven:
        properties |= {"judged": verdict.judged, "switched_off": len(verdict.switched_off)}
    described = SubElement(suite, "properties")
    for name, value in properties.items():
        if value is not None:
            SubElement(described, "property", name=name, value=_text(str(value)))
    if verdict.proven:
        for check in rulefile.checks():
            _check(suite, check, verdict)
    else:
        for line in verdict.lines:
            SubElement(_case(suite, "verdict", verdict), "error", message=_text(line.message))
    suite.set("tests", str(len(suite.findall("testcase"))))
    for kind, counted in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(counted, str(len(suite.findall(f"testcase/{kind}"))))
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _check(suite: Element, check: str, verdict: Verdict) -> None:
    """The test case of a check; an alert that is not critical is printed and does not fail it."""
    case = _case(suite, check, verdict)
    for line in _of(check, verdict.lines):
        if line.severity == "CRITICAL":
            SubElement(case, "failure", message=_text(line.message))
        else:
            SubElement(case, "system-out").text = _text(f"{line.severity} {line.message}")
    for line in _of(check, verdict.inhibited):
        SubElement(case, "skipped", message=_text(line.message))
    if check in verdict.switched_off:
        SubElement(case, "skipped", message=_text(reason(verdict, check)))


def _case(suite: Element, name: str, verdict: Verdict) -> Element:
    return SubElement(suite, "testcase", classname=_text(f"clickstream.{verdict.dataset or 'report'}"), name=name)


def _of(check: str, lines: tuple[Line, ...]) -> list[Line]:
    return [line for line in lines if line.check == check]


def _text(text: str) -> str:
    return _ILLEGAL.sub("?", text)
