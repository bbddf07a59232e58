"""The recording rules of lost volumes: the mean of seven days forgets a loss in a week, the median of four does not."""

from __future__ import annotations

from alerting.mixin.baselines import AS_MANY_HOURS, THIS_WEEKDAY
from alerting.mixin.drops import WEEKS_OF_DEVIATION
from alerting.mixin.expressions import STARTED, Record, days_before, limit, number, valid

LOST = 0.1
"""A day with at most this share of a usual day has lost nearly all of it."""

FORGOTTEN = 0.5
"""A mean of at most this share of a usual day is a mean of days that had lost it, too."""

MEANS = {"events": "mean", "purchases": "baseline", "revenue": "baseline"}
"""The volumes that can be lost, each with the number that is its mean of seven days."""


def _usual(name: str) -> Record:
    """A usual day of this weekday: the median of four weeks, of as many hours as the anchor day has."""
    days = f"dataset_lag:clickstream_{name}:history"
    of_weekday, of_all = (f"quantile by (dataset) (0.5, {valid(days + which)})" for which in (THIS_WEEKDAY, ""))
    known = f"count by (dataset) {valid(days + THIS_WEEKDAY)} >= {WEEKS_OF_DEVIATION}"
    return number(
        f"dataset:clickstream_{name}:usual",
        f"({of_weekday} and on (dataset) {known}\nor on (dataset) {of_all})\n* on (dataset)\n"
        f"{AS_MANY_HOURS}\n"
        f"and on (dataset) count by (dataset) {valid(days)} >= on (dataset) {limit('min_baseline_days')}",
    )


def _lost(name: str, mean: str) -> Record:
    """Whether nearly all of a usual day is lost, and was on the days before."""
    usual = f"dataset:clickstream_{name}:usual"
    return number(
        f"dataset:clickstream_{name}:lost",
        f"({valid(f'dataset:clickstream_{name}:anchor')} <= bool on (dataset) ({LOST} * {valid(usual)}))\n"
        f"* on (dataset)\n"
        f"({valid(f'dataset:clickstream_{name}:{mean}')} <= bool on (dataset) ({FORGOTTEN} * {valid(usual)})\n"
        f"or on (dataset) {STARTED} * 0 + 1)",
    )


def is_lost(name: str) -> str:
    """1 where nearly all of the volume is lost for days, otherwise absent."""
    return f"dataset:clickstream_{name}:lost == 1"


def usual_or_mean(name: str) -> str:
    """A usual day where the volume is lost, otherwise the mean of seven days."""
    mean = valid(f"dataset:clickstream_{name}:{MEANS[name]}")
    return f"(dataset:clickstream_{name}:usual and on (dataset) {is_lost(name)} or on (dataset) {mean})"


def _reference(name: str, limit_name: str) -> Record:
    """What a low volume is compared with: a usual day, the mean if it is too far below that, or what is expected."""
    series = f"dataset:clickstream_{name}"
    return number(
        f"{series}:reference",
        f"({series}:usual and on (dataset) {is_lost(name)}\n"
        f"or on (dataset) ({series}:{MEANS[name]} and on (dataset)\n"
        f"{series}:mean_drop_ratio > on (dataset) {limit(limit_name)})\n"
        f"or on (dataset) {series}:expected)",
    )


VOLUMES = (
    number("dataset_lag:clickstream_purchases:history", days_before("clickstream_purchases")),
    number("dataset_lag:clickstream_sessions:history", days_before("clickstream_sessions")),
    *(_usual(name) for name in (*MEANS, "sessions")),
    *(_lost(name, mean) for name, mean in MEANS.items()),
    _reference("events", "event_drop_ratio"),
    _reference("revenue", "revenue_drop_ratio"),
    number("dataset:clickstream_purchases:reference", usual_or_mean("purchases")),
)
