"""The page for people at `/`: drawn in another thread, once for each state that is served, and its verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version

from exporter.arguments import METRICS
from exporter.gauges.exposition import samples
from exporter.gauges.view import View
from exporter.html.document import of_data_sets, policy
from exporter.html.gauges import Gauges
from exporter.html.markup import joined, tag
from exporter.html.section import DataSet
from exporter.refresh import Refresher, State
from exporter.web.listener import Response
from exporter.web.verdicts import FAILED, PENDING, Found, Verdicts

NOT_JUDGED = "These numbers are as measured. Whether they can be trusted is for Alertmanager: see --alertmanager.url."

AGAIN = 5
"""Seconds until a browser asks again for a page that lacks a verdict."""

HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


class Page:
    """The page of what a refresher serves, with `verdicts`, if any; it links to the metrics at `telemetry_path`."""

    def __init__(self, refresher: Refresher, telemetry_path: str = METRICS, verdicts: Verdicts | None = None) -> None:
        self._refresher = refresher
        self._metrics_path = telemetry_path
        self._verdicts = verdicts
        self._drawing = asyncio.Lock()
        self._drawn: tuple[State | None, Mapping[str, Found], bytes] = (None, {}, b"")

    async def answer(self) -> Response:
        """The page, which may load nothing and be framed by nobody."""
        state = self._refresher.state
        snapshots = [view.snapshot for view in state.views.values() if view.snapshot]
        found = self._verdicts.about(snapshots) if self._verdicts else {}
        again = [("Refresh", str(AGAIN))] if self._verdicts and len(found) < len(snapshots) else []
        allowed = ("Content-Security-Policy", f"{policy()}; frame-ancestors 'none'")
        body = await self._page(state, found)
        return Response(HTTPStatus.OK, body, "text/html; charset=utf-8", (allowed, *HEADERS, *again))

    async def _page(self, state: State, found: Mapping[str, Found]) -> bytes:
        """The page of the state and its verdicts; requests during a drawing wait for it."""
        async with self._drawing:
            if self._drawn[0] is not state or self._drawn[1] != found:
                self._drawn = state, found, await asyncio.to_thread(self._draw, state, found)
            return self._drawn[2]

    def _draw(self, state: State, found: Mapping[str, Found]) -> bytes:
        metrics = tag("a", self._metrics_path, href=self._metrics_path)
        foot = joined(f"clickstream-exporter {version('clickstream-exporter')}; the gauges are at ", metrics)
        return of_data_sets(list(self._data_sets(state, found)), foot)

    def _data_sets(self, state: State, found: Mapping[str, Found]) -> Iterator[DataSet]:
        for name, view in state.views.items():
            gauges, problem = Gauges(samples(view)), _problem(view, state.errors.get(name))
            judgement = found[name].judgement if name in found else None
            unjudged = NOT_JUDGED if not self._verdicts else FAILED if name in found else PENDING
            yield DataSet(name, gauges, judgement, unjudged if view.snapshot else "", problem)


def _problem(view: View, error: str | None) -> str:
    if view.refresh.success:
        return ""
    left = "these numbers are older" if view.snapshot else "there are no numbers yet"
    return f"the last refresh failed, so {left}{f': {error}' if error else ''}"
