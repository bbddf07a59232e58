"""Samples of a data set, as a page is drawn from them, and what a page consists of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

from exporter.config.checks import Limits
from exporter.gauges.sample import Sample
from exporter.html.document import of_data_sets
from exporter.html.gauges import Gauges
from exporter.html.section import DataSet

NEWEST = date(2025, 3, 9)
LIMITS = {name: float(value) for name, value in Limits().model_dump().items()}
PER_EVENT = {
    "sessions": 0.3,
    "direct_sessions": 0.1,
    "purchases": 0.02,
    "converting_sessions": 0.015,
    "revenue": 1.0,
}
"""How much of each there is for an event, on every day."""


def samples(
    events: Mapping[int, float] | None = None, hours: int = 24, **more: Mapping[tuple[tuple[str, str], ...], float]
) -> list[Sample]:
    """A data set whose days have so many events by lag, 1,000 unless given, of which `hours` are complete."""
    days = dict.fromkeys(range(35), 1000.0) | dict(events or {})
    midnight = datetime.combine(NEWEST, datetime.min.time(), UTC)
    found = [Sample("clickstream_complete_hours", (), hours), Sample("clickstream_files", (), 35)]
    found += [Sample("clickstream_limit", (("limit", name),), value) for name, value in LIMITS.items()]
    for lag, count in days.items():
        labels = (("lag", str(lag)),)
        found.append(Sample("clickstream_day_timestamp_seconds", labels, (midnight - timedelta(lag)).timestamp()))
        found.append(Sample("clickstream_day_utc_offset_seconds", labels, 0))
        for gauge, share in {"events": 1.0, **PER_EVENT}.items():
            found.append(Sample(f"clickstream_{gauge}", labels, count * share))
            if lag < 8:
                found.append(Sample(f"clickstream_comparable_{gauge}", labels, count * share * hours / 24))
    return found + [Sample(f"clickstream_{gauge}", *each) for gauge, series in more.items() for each in series.items()]


def text_of(page: bytes | str) -> str:
    """What a page shows as text."""
    return " ".join(parsed(page).texts)


def of_samples(found: list[Sample], **more: object) -> str:
    """The text of the page of one data set."""
    return text_of(of_data_sets([DataSet("shop", Gauges(found), **more)]))  # type: ignore[arg-type]


class Parser(HTMLParser):
    """Collects the elements of a page, its attributes with their element and value, and its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str, str]] = set()
        self.texts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.add(tag)
        self.attributes |= {(tag, name, value or "") for name, value in attrs}
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """There is text."""
        if data.strip() and "style" not in self._open:
            self.texts.append(" ".join(data.split()))


def parsed(page: bytes | str) -> Parser:
    """What a page consists of."""
    parser = Parser()
    parser.feed(page if isinstance(page, str) else page.decode("ascii"))
    return parser
