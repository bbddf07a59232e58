"""The verdict as a page for people, in one file: with the numbers of the day, where they are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version

from alerting.formats.advice import advice
from alerting.formats.outline import judged, not_judged, plain, sections, word
from alerting.gate.verdict import Line, Verdict
from exporter.gauges.sample import Sample
from exporter.html.document import of_data_sets
from exporter.html.gauges import Gauges
from exporter.html.judgement import Alert, Judgement
from exporter.html.section import DataSet

NO_NUMBERS = "the numbers of the day are not here: no exporter was named that serves what was judged"


def html(verdict: Verdict, samples: Sequence[Sample]) -> str:
    """The page, which is ASCII; `samples` are what is served of the data set, if it is what was judged."""
    missing = "" if samples else f"{f'the verdict is about {verdict.date}; ' if verdict.date else ''}{NO_NUMBERS}"
    of = DataSet(verdict.dataset or "No data set", Gauges(samples), _judgement(verdict), problem=missing)
    return of_data_sets([of], f"clickstream-exporter {version('clickstream-exporter')}").decode("ascii")


def _judgement(verdict: Verdict) -> Judgement:
    if not verdict.proven:
        return Judgement(word(verdict), [_alert(line) for line in verdict.lines], advice=advice(verdict))
    return Judgement(word(verdict), list(_alerts(verdict)), judged(verdict), list(map(plain, not_judged(verdict))))


def _alerts(verdict: Verdict) -> Iterator[Alert]:
    """The causes, then the effects, then the rest."""
    for section in sections(verdict):
        yield from map(_alert, section.lines)


def _alert(line: Line) -> Alert:
    return Alert(line.severity, *map(plain, (line.message, line.description, line.runbook)))
