"""The recording rules of contributors: which segments explain a drop that fires."""

from __future__ import annotations

from alerting.mixin.expressions import BASELINE_DAY, LAGS_BEFORE, STATE, dedup, number, valid

_PART = "dataset_segment:clickstream_segment"
_LABELS = "dataset, dimension, segment"
_EACH = f"of, {_LABELS}"

_EXPLAINED = {
    "events": ("EventVolumeDrop", "events", "mean"),
    "revenue": ("RevenueDrop", "revenue", "baseline"),
    "purchases": ("ConversionRateDrop", "priced_purchases", "baseline"),
}
"""What segments count, to the check whose drop they explain, its volume, and the mean of that."""

_STANDS_OUT = 1.25
"""A segment explains a drop if its part of the drop is so many times its share of what is expected."""

_LEAST = 0.2
"""A smaller part of the drop explains nothing."""


def _of_firing(of: str, expr: str) -> str:
    check = _EXPLAINED[of][0]
    return f'label_replace({expr} and on (dataset) {STATE}{{check="{check}"}} == 1, "of", "{of}", "", "")'


def _anchor(of: str) -> str:
    return _of_firing(of, dedup(f'clickstream_comparable_segment_{of}{{lag="0"}}', "dimension", "segment"))


def _expected(of: str) -> str:
    _, volume, mean = _EXPLAINED[of]
    gauge = f"clickstream_comparable_segment_{of}{{{LAGS_BEFORE}}}"
    days = f"({dedup(gauge, 'lag', 'dimension', 'segment')} and on (dataset, lag) {BASELINE_DAY})"
    factor = f"dataset:clickstream_{volume}:expected / on (dataset) (dataset:clickstream_{volume}:{mean} > 0)"
    return _of_firing(
        of,
        f"sum by ({_LABELS}) {days} / on ({_LABELS}) count by ({_LABELS}) {days}\n"
        f"* on (dataset) group_left () ({factor})",
    )


_LOST = f"({valid(f'{_PART}:expected')} - on ({_EACH}) {valid(f'{_PART}:anchor')})"
_OF_DIMENSION = "on (dataset, of, dimension) group_left ()"
_SUM = "sum by (dataset, of, dimension)"

CONTRIBUTORS = (
    number(f"{_PART}:anchor", "(" + "\nor ".join(map(_anchor, _EXPLAINED)) + ")"),
    number(f"{_PART}:expected", "(" + "\nor ".join(map(_expected, _EXPLAINED)) + ")"),
    number(
        f"{_PART}:contribution_ratio",
        f"""\
(
  ({_LOST} / {_OF_DIMENSION} ({_SUM} {_LOST} > 0) >= {_LEAST})
  > on ({_EACH})
  {_STANDS_OUT} * ({_PART}:expected / {_OF_DIMENSION} ({_SUM} {valid(f"{_PART}:expected")} > 0))
)""",
    ),
)
