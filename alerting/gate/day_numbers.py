"""The numbers of the day that was judged, as the exporter serves them."""

from __future__ import annotations

from alerting.gate.verdict import Verdict
from alerting.http.client import Client, FetchError

REQUEST_TIMEOUT = 10.0
"""Seconds for the only request, which follows the verdict."""

_TIME_SUFFIXES = ("_timestamp_seconds", "_offset_seconds", "_clock_seconds")
"""Gauges that place the day in time and measure nothing."""


class NumbersError(Exception):
    """The numbers of the day are unavailable: `url: why`."""


def day_numbers(client: Client, exporter: str, verdict: Verdict) -> dict[str, float]:
    """The gauges of the anchor day that have no further label, by name.

    Raises NumbersError where the exporter at the URL `exporter` serves another snapshot than the one judged.
    """
    # Here, because only a report in CloudWatch's format has the numbers.
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    url = f"{exporter}/metrics"
    try:
        families = list(text_string_to_metric_families(client.get_text(url, REQUEST_TIMEOUT)))
    except FetchError as error:
        raise NumbersError(str(error)) from None
    except Exception:  # noqa: BLE001 - a third party's parser, which trusts its input
        raise NumbersError(f"{url}: not valid metrics") from None
    samples = [each for family in families for each in family.samples if each.labels.get("dataset") == verdict.dataset]
    served = [each.value for each in samples if each.name == "clickstream_snapshot"]
    if not verdict.proven or served != [verdict.snapshot]:
        raise NumbersError(f"{url}: serves another snapshot than the one judged")
    return {each.name: each.value for each in samples if _is_number_of_the_day(each.name, each.labels)}


def _is_number_of_the_day(name: str, labels: dict[str, str]) -> bool:
    # The gauges over complete hours only are for comparisons; for a whole day they repeat the same numbers.
    return (
        labels.keys() == {"dataset", "lag"}
        and labels["lag"] == "0"
        and name.startswith("clickstream_")
        and not name.startswith("clickstream_comparable_")
        and not name.endswith(_TIME_SUFFIXES)
    )
