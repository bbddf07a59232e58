"""The numbers of the day that was judged, as the exporter serves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerting.gate.verdict import Verdict
from alerting.http.client import Client, FetchError
from exporter.gauges.sample import Sample

REQUEST_TIMEOUT = 10.0
"""Seconds for the only request, which follows the verdict."""

_TIME_SUFFIXES = ("_timestamp_seconds", "_offset_seconds", "_clock_seconds")
"""Gauges that place the day in time and measure nothing."""


class NumbersError(Exception):
    """The numbers of the day are unavailable: `url: why`."""


def day_samples(client: Client, exporter: str, verdict: Verdict) -> tuple[Sample, ...]:
    """What the exporter at the URL `exporter` serves of the data set.

    Raises NumbersError where it serves another snapshot than the one that the verdict is about.
    """
    # Here, because only a report in CloudWatch's format, or a page for people, has the numbers.
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    url = f"{exporter}/metrics"
    try:
        families = list(text_string_to_metric_families(client.get_text(url, REQUEST_TIMEOUT)))
    except FetchError as error:
        raise NumbersError(str(error)) from None
    except Exception:  # noqa: BLE001 - a third party's parser, which trusts its input
        raise NumbersError(f"{url}: not valid metrics") from None
    every = [each for family in families for each in family.samples if each.labels.get("dataset") == verdict.dataset]
    served = [each.value for each in every if each.name == "clickstream_snapshot"]
    if verdict.snapshot is None or served != [verdict.snapshot]:
        raise NumbersError(f"{url}: serves another snapshot than the one judged")
    return tuple(Sample(each.name, _further(each.labels), each.value) for each in every)


def _further(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in labels.items() if name != "dataset")


def day_numbers(samples: Iterable[Sample]) -> dict[str, float]:
    """The gauges of the anchor day that have no further label, by name."""
    return {each.gauge: each.value for each in samples if _is_number_of_the_day(each)}


def _is_number_of_the_day(sample: Sample) -> bool:
    # The gauges over complete hours only are for comparisons; for a whole day they repeat the same numbers.
    return (
        sample.labels == (("lag", "0"),)
        and sample.gauge.startswith("clickstream_")
        and not sample.gauge.startswith("clickstream_comparable_")
        and not sample.gauge.endswith(_TIME_SUFFIXES)
    )
