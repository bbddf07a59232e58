"""The page for people at `/`: drawn in another thread, once for each state that is served."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version

from exporter.arguments import METRICS
from exporter.gauges.exposition import samples
from exporter.gauges.view import View
from exporter.html.document import of_data_sets, policy
from exporter.html.gauges import Gauges
from exporter.html.markup import Markup, joined, tag
from exporter.html.section import DataSet
from exporter.refresh import Refresher, State
from exporter.web.listener import Response

NOT_JUDGED = "The numbers are measured; whether they can be trusted, a verdict says: clickstream-report prints it."


class Page:
    """The page of what a refresher serves; it links to the metrics at `telemetry_path`."""

    def __init__(self, refresher: Refresher, telemetry_path: str = METRICS) -> None:
        self._refresher = refresher
        self._metrics_path = telemetry_path
        self._drawing = asyncio.Lock()
        self._drawn: tuple[State | None, bytes] = (None, b"")

    async def answer(self) -> Response:
        """The page, which may load nothing and be framed by nobody."""
        headers = (
            ("Content-Security-Policy", f"{policy()}; frame-ancestors 'none'"),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        )
        return Response(HTTPStatus.OK, await self._page(), "text/html; charset=utf-8", headers)

    async def _page(self) -> bytes:
        """The page of the state that is served now; requests during a drawing wait for it."""
        async with self._drawing:
            state = self._refresher.state
            if self._drawn[0] is not state:
                self._drawn = state, await asyncio.to_thread(self._draw, state)
            return self._drawn[1]

    def _draw(self, state: State) -> bytes:
        return of_data_sets(list(_data_sets(state)), self._foot())

    def _foot(self) -> Markup:
        """Where the exporter has more."""
        metrics = tag("a", self._metrics_path, href=self._metrics_path)
        return joined(f"clickstream-exporter {version('clickstream-exporter')}; the gauges are at ", metrics)


def _data_sets(state: State) -> Iterator[DataSet]:
    for name, view in state.views.items():
        yield DataSet(name, Gauges(samples(view)), unjudged=NOT_JUDGED, problem=_problem(view, state.errors.get(name)))


def _problem(view: View, error: str | None) -> str:
    if view.refresh.success:
        return ""
    left = "these numbers are older" if view.snapshot else "there are no numbers yet"
    return f"the last refresh failed, so {left}{f': {error}' if error else ''}"
