"""The recording rules that only rename: limits, what is served once for a data set, volumes of the whole anchor day."""

from __future__ import annotations

from alerting.mixin.expressions import INFO, STARTED, Record, current_or_last, dedup, number

LIMITS = (number("dataset_limit:clickstream_limit:max", "max by (dataset, limit) (clickstream_limit)"),)

# Without the label of the scraped instance: the data set stays the same when its exporter moves.
FRAME = (
    Record(
        INFO,
        f"max by (dataset, currency, owner, service, team) ({current_or_last('clickstream_dataset_info')})\n"
        f"or on (dataset) {STARTED} * 0",
    ),
    *(
        number(f"dataset:clickstream_{name}:max", f"max by (dataset) (clickstream_{name})")
        for name in (
            "files",
            "unreadable_files",
            "intraday",
            "complete_hours",
            "last_event_timestamp_seconds",
            "anchor_file_events",
            "implausible_timestamp_events",
            "early_events",
            "replaced_text_events",
            "waiting_files",
            "watched_fields",
        )
    ),
    number(
        "dataset:clickstream_day:local_seconds",
        'max by (dataset) (clickstream_day_timestamp_seconds{lag="0"})'
        ' + on (dataset) max by (dataset) (clickstream_day_utc_offset_seconds{lag="0"})',
    ),
)

WHOLE_DAY = tuple(
    number(f"dataset:clickstream_{name}:day", dedup(f'clickstream_{name}{{lag="0"}}'))
    for name in (
        "events",
        "duplicate_events",
        "invalid_events",
        "null_client_events",
        "missing_referrer_events",
        "missing_utm_events",
        "bot_events",
        "payload_events",
        "json_error_events",
        "purchases",
        "duplicate_purchases",
        "purchases_without_revenue",
        "purchases_without_transaction_id",
        "foreign_currency_purchases",
        "conflicting_events",
        "repeated_purchases",
        "contents",
        "repeated_contents",
        "median_purchase_amount",
        "sessions",
        "direct_sessions",
    )
)
