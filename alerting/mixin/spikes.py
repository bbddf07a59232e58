"""The recording rules of spikes of the revenue."""

from __future__ import annotations

from alerting.mixin.expressions import limit, number, valid
from alerting.mixin.lost import usual_or_mean

_EXPECTED = "dataset:clickstream_revenue:expected"

SPIKES = (
    number(
        "dataset:clickstream_revenue:rise_ratio",
        f"dataset:clickstream_revenue:anchor / on (dataset)\n"
        f"({_EXPECTED} > on (dataset) dataset:clickstream_revenue:baseline\n"
        f"or on (dataset) ({usual_or_mean('revenue')} > 0))\n- 1",
    ),
    number(
        "dataset:clickstream_revenue_spike:small",
        f"{valid('dataset:clickstream_revenue:rise_ratio')}\n"
        f"<= bool on (dataset) {limit('revenue_spike_warning_ratio')}",
    ),
)
