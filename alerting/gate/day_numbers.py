"""The numbers of the day that was judged, as the exporter serves them."""

from __future__ import annotations

from alerting.gate.verdict import Verdict
from alerting.http.client import FetchError, get_text

REQUEST = 10.0
"""Seconds for the request: it is made once, after the verdict."""

_FRAME = ("_timestamp_seconds", "_offset_seconds", "_clock_seconds")
"""What places a day in time, and measures nothing."""


class NumbersError(Exception):
    """Why there are no numbers of the day: `url: what`."""


def day_numbers(exporter: str, verdict: Verdict) -> dict[str, float]:
    """The gauges of the anchor day without a further label, by name. Raises NumbersError.

    There are none unless the snapshot that the exporter at the URL `exporter` serves is the one that was judged.
    """
    # Here, because only a report in CloudWatch's format has the numbers.
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    url = f"{exporter}/metrics"
    try:
        families = list(text_string_to_metric_families(get_text(url, REQUEST)))
    except FetchError as error:
        raise NumbersError(str(error)) from None
    except Exception:  # noqa: BLE001 - the parser is not ours, and expects an exporter
        raise NumbersError(f"{url}: no metrics") from None
    samples = [each for family in families for each in family.samples if each.labels.get("dataset") == verdict.dataset]
    served = [each.value for each in samples if each.name == "clickstream_snapshot"]
    if not verdict.proven or served != [verdict.snapshot]:
        raise NumbersError(f"{url}: it does not serve the snapshot that was judged")
    return {each.name: each.value for each in samples if _is_number_of_the_day(each.name, each.labels)}


def _is_number_of_the_day(name: str, labels: dict[str, str]) -> bool:
    # Twins over the complete hours are for comparisons; of a whole day they are the same numbers again.
    return (
        labels.keys() == {"dataset", "lag"}
        and labels["lag"] == "0"
        and name.startswith("clickstream_")
        and not name.startswith("clickstream_comparable_")
        and not name.endswith(_FRAME)
    )
