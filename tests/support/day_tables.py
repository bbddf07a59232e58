"""Tables of days, as the exporter serves them: many data sets in one exposition."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

Labels = tuple[tuple[str, str], ...]

SERIES, GAUGE_SERIES = "clickstream_series", "clickstream_gauge_series"


@dataclass(frozen=True)
class Table:
    """The series of one data set but for those that say how many there are: gauge to labels to number.

    No exporter of this release serves a table that is not `servable`: a limit or one day's number is missing.
    """

    gauges: Mapping[str, Mapping[Labels, float]]
    servable: bool = True

    @cached_property
    def has_nan(self) -> bool:
        """Whether a series is NaN."""
        return any(map(math.isnan, chain.from_iterable(series.values() for series in self.gauges.values())))

    def series(self, gauge: str) -> Mapping[Labels, float]:
        """The series of a gauge, also of the two that say how many there are."""
        counts = {(("gauge", name),): len(series) for name, series in self.gauges.items()}
        own = {GAUGE_SERIES: counts, SERIES: {(): sum(counts.values()) + len(counts) + 1}}
        return own.get(gauge, self.gauges.get(gauge, {}))

    def __str__(self) -> str:
        """A line a gauge, the numbers of its lags in a row."""
        return "\n".join(f"  {gauge}: {_row(series)}" for gauge, series in sorted(self.gauges.items()))


def exposition(tables: Mapping[str, Table]) -> str:
    """All data sets in the Prometheus text format, the series of a gauge together."""
    return "".join(chain.from_iterable(_family(gauge, tables) for gauge in sorted(gauges(tables))))


def gauges(tables: Mapping[str, Table]) -> set[str]:
    """The names of all gauges that the exposition has."""
    own = {SERIES, GAUGE_SERIES, "clickstream_exporter_build_info"}
    return own.union(*(table.gauges for table in tables.values()))


def _family(gauge: str, tables: Mapping[str, Table]) -> Iterator[str]:
    yield f"# TYPE {gauge} gauge\n"
    if gauge == "clickstream_exporter_build_info":
        yield f'{gauge}{{version="0.1.0"}} 1\n'
    for dataset, table in tables.items():
        for labels, value in table.series(gauge).items():
            further = "".join(f',{name}="{label}"' for name, label in labels)
            yield f'{gauge}{{dataset="{dataset}"{further}}} {_number(value)}\n'


def _number(value: float) -> str:
    return "NaN" if math.isnan(value) else f"{value:g}" if value == int(value) and value < 1e6 else repr(value)


def _row(series: Mapping[Labels, float]) -> str:
    rows: dict[str, list[str]] = {}
    for labels, value in series.items():
        name = ",".join(f"{label}={text}" for label, text in labels if label != "lag")
        rows.setdefault(name, []).append(_number(value))
    return "; ".join(f"{name} {' '.join(numbers)}".strip() for name, numbers in rows.items())
