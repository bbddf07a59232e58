"""The verdict as it stands on a page: the word, what fires, and what was not judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.html.markup import Markup, joined, link, listed, tag

PASS, FAIL, UNKNOWN = "PASS", "FAIL", "UNKNOWN"

MEANINGS = {
    PASS: ("\N{CHECK MARK}", "judged, and nothing critical fires"),
    FAIL: ("\N{MULTIPLICATION X}", "judged, and something critical fires: do not trust these numbers"),
    UNKNOWN: ("?", "no verdict could be proven: do not trust these numbers yet"),
}
"""Each word with its sign, which does not depend on colour, and what it means."""

_SIGNS = {"CRITICAL": "\N{MULTIPLICATION X}", "WARN": "!", "INFO": "i"}


@dataclass(frozen=True)
class Alert:
    """An alert: `CRITICAL`, `WARN` or `INFO`, and its message; the rest only where it is known."""

    severity: str
    message: str
    description: str = ""
    runbook: str = ""


@dataclass(frozen=True)
class Judgement:
    """A verdict: one of the words of `MEANINGS`, and what fires.

    `basis` says how many checks judged, `off` which did not and why, `advice` what to do about an unknown verdict.
    """

    word: str
    alerts: Sequence[Alert] = ()
    basis: str = ""
    off: Sequence[str] = ()
    advice: Sequence[str] = ()


def banner(judgement: Judgement | None, otherwise: str) -> Markup:
    """The word and its meaning; `otherwise` is said where there is no verdict."""
    if judgement is None:
        return tag("p", tag("strong", "Not judged here"), " ", otherwise, class_="verdict none")
    sign, meaning = MEANINGS[judgement.word]
    word = tag("strong", tag("span", sign, aria_hidden="true"), " ", judgement.word)
    basis = f"; {judgement.basis}" if judgement.basis else ""
    return tag("p", word, " ", f"{meaning}{basis}", class_=f"verdict {judgement.word.lower()}")


def alerts(judgement: Judgement) -> Markup:
    """What fires, and what to do where nothing is proven."""
    shown = [_alert(each) for each in judgement.alerts]
    parts = [tag("ul", *shown, class_="alerts")] if shown else []
    if judgement.advice:
        parts.append(tag("h3", "What to do"))
    return joined(*parts, listed(list(judgement.advice)))


def _alert(alert: Alert) -> Markup:
    sign = tag("span", _SIGNS.get(alert.severity, ""), aria_hidden="true")
    parts = [tag("b", sign, " ", alert.severity), " ", alert.message]
    if alert.description:
        parts += [" ", tag("span", alert.description, class_="why")]
    if alert.runbook:
        parts += [" ", tag("span", link(alert.runbook, alert.runbook), class_="why")]
    return tag("li", *parts, class_=alert.severity.lower())
