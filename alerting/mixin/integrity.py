"""The checks of data integrity: what warns the people who can fix the data."""

from __future__ import annotations

from alerting.mixin.check import DRIFT, IN_HOURS, INTEGRITY, ON_DAY, WARNING, Check, counts, few_above, increased
from alerting.mixin.expressions import current_or_last, exceeds, exceeds_both, exceeds_either, last, limit, valid
from alerting.mixin.messages import (
    each_series,
    label_values,
    limit_percent,
    limit_points,
    limit_whole,
    number_of_each,
    of_first,
    percent,
    whole,
)
from alerting.mixin.watched import ENOUGH, EVENTS, FIELD, IN_FIELD, SEVERAL_FIELDS

_NAME_BASELINE = "dataset_event_name:clickstream_named_events:baseline"
_NAMED = "clickstream_comparable_named_events"
_ENOUGH = f"{_NAME_BASELINE} >= on (dataset) group_left () {limit('min_baseline_named_events')}"

_OFFENDERS = 'sort_desc(topk(3, max by (event_name) (clickstream_frequent_events{in_taxonomy="false",dataset=%q})))'
_SESSION = "dataset:clickstream_session"
_SEGMENT = "dataset_segment:clickstream_segment_events"
_SEGMENTS = (
    '{__name__=~"clickstream_comparable_device_events|clickstream_comparable_named_events|'
    'clickstream_comparable_platform_events"}'
)
_IN_SEGMENT = "on (dataset, dimension, segment)"


def _of_segment(what: str) -> str:
    """A number of the segment `$each`."""
    series = last(f"{_SEGMENT}:{what}{{dataset=%q,dimension=%q,segment=%q}}")
    return number_of_each(series, ("dataset", "dimension", "segment"), "%.0f")


_DROPPED = (
    f"{current_or_last(FIELD + ':drop_ratio{dataset=%q}')} > {IN_FIELD} {last(FIELD + ':noise')} "
    '> on (dataset) group_left () last_over_time(dataset_limit:clickstream_limit:max{limit="field_drop_ratio"}[36h]) '
    f"and {IN_FIELD} ({last(EVENTS)} >= on (dataset) group_left () "
    'last_over_time(dataset_limit:clickstream_limit:max{limit="min_day_field_events"}[36h]))'
)


def _of_worst_field(kind: str) -> str:
    """A share of the field that dropped most."""
    of_field = f"100 * {last(f'{FIELD}:{kind}{{dataset=%q,field=%q}}')}"
    return of_first(f"topk(1, {_DROPPED})", number_of_each(of_field, ("dataset", "field"), "%.2f%%"))


CHECKS = (
    few_above(
        "DuplicateEvents",
        "duplicate_events",
        "events",
        "duplicate_event_ratio",
        "Duplicate rate high",
        "events are extra copies",
    ),
    few_above(
        "EventIdConflicts",
        "conflicting_events",
        "events",
        "event_id_conflict_ratio",
        "Event id conflict rate high",
        "events have the event id of another one, and another content",
    ),
    few_above(
        "DuplicatePurchases",
        "duplicate_purchases",
        "purchases",
        "duplicate_purchase_ratio",
        "Duplicate purchase rate high",
        "purchases repeat a transaction id, so their revenue is counted more than once",
        ("day_purchases",),
    ),
    few_above(
        "InvalidEvents",
        "invalid_events",
        "events",
        "invalid_event_ratio",
        "Invalid event rate high",
        "events have a name that is not in the taxonomy, most often "
        + each_series(_OFFENDERS, "{{ $each.Labels.event_name }} ({{ $each.Value }})"),
    ),
    Check(
        "EventNameVanished",
        WARNING,
        INTEGRITY,
        f'max by (dataset) (sum by (dataset, event_name) ({_NAMED}{{lag="0"}}) == bool 0 '
        f"and on (dataset, event_name) ({_ENOUGH}))\n"
        f"+ on (dataset) 0 * sum by (dataset) ({_NAMED}) > -Inf",
        "Event name vanished",
        label_values(
            f'sum by (dataset, event_name) ({_NAMED}{{lag="0",dataset=%q}}) == 0 '
            f"and on (dataset, event_name) ({_ENOUGH})",
            "event_name",
        ),
        f"{IN_HOURS}, these names do not occur, although the usual share of each is at least "
        f"{limit_whole('min_baseline_named_events')} events a day in these hours.",
        guards=(*DRIFT, "baseline_named_events"),
    ),
    Check(
        "SegmentDrop",
        WARNING,
        INTEGRITY,
        f"max by (dataset) (\n"
        f"  ({valid(f'{_SEGMENT}:drop_ratio')} > bool on (dataset) group_left () {limit('segment_drop_ratio')})\n"
        f"  * {_IN_SEGMENT}\n"
        f"  ({valid(f'{_SEGMENT}:drop_ratio')} > bool {_IN_SEGMENT} {valid(f'{_SEGMENT}:noise')})\n"
        f'  unless {_IN_SEGMENT} {_SEGMENT}:anchor{{dimension="event_name"}} == 0\n'
        f")\n+ on (dataset) 0 * sum by (dataset) ({_SEGMENTS}) > -Inf",
        "Segment drop detected",
        each_series(
            f"sort_desc(topk(3, {current_or_last(_SEGMENT + ':drop_ratio{dataset=%q}')} "
            f"> {_IN_SEGMENT} {last(_SEGMENT + ':noise')} > on (dataset) group_left () "
            'last_over_time(dataset_limit:clickstream_limit:max{limit="segment_drop_ratio"}[36h])))',
            "{{ $each.Labels.dimension }} {{ $each.Labels.segment }} "
            f"{_of_segment('anchor')} vs expected {_of_segment('expected')}",
        ),
        f"{IN_HOURS}, these segments have fewer events than their usual share, the median of up to four weeks, "
        "predicts, by more than <limit> and by more than chance explains.",
        limit=limit_percent("segment_drop_ratio"),
        guards=DRIFT,
    ),
    Check(
        "NullClientIds",
        WARNING,
        INTEGRITY,
        exceeds_either(
            "dataset:clickstream_null_client:ratio",
            "null_client_ratio",
            "dataset:clickstream_null_client:increase",
            "null_client_increase",
            "dataset:clickstream_null_client:noise",
        ),
        "High null client_id rate",
        "<value>",
        f"{ON_DAY}, {counts('clickstream_null_client_events', 'clickstream_events')} events have no client id, or "
        "a placeholder; the limit is <limit>. The baseline is the median of up to four weeks.",
        value=percent("dataset:clickstream_null_client:ratio"),
        limit=f"{limit_percent('null_client_ratio')}, or {limit_points('null_client_increase')} above the baseline",
    ),
    Check(
        "SessionsDrop",
        WARNING,
        INTEGRITY,
        f"({exceeds_both(f'{_SESSION}:drop_ratio', 'session_drop_ratio', f'{_SESSION}:noise')})\n"
        "* on (dataset)\n"
        f"({valid('dataset:clickstream_sessions:anchor')} < bool on (dataset)\n"
        f"({valid('dataset:clickstream_sessions:usual')} * on (dataset) (1 - {limit('session_drop_ratio')})))",
        "Sessions drop detected",
        "<value> vs baseline <baseline>",
        f"{IN_HOURS}, {whole('dataset:clickstream_client_events:anchor')} events with a client id make so few "
        f"sessions: {percent(f'{_SESSION}:drop_ratio')} fewer for as many events than usual, the median of up to four "
        f"weeks. The limit is <limit>, and chance explains {percent(f'{_SESSION}:noise')}. Many visitors may have one "
        "client id, or a campaign of short visits has ended.",
        value=whole("dataset:clickstream_sessions:anchor"),
        baseline=whole("dataset:clickstream_sessions:usual"),
        limit=limit_percent("session_drop_ratio"),
        guards=(*DRIFT, "baseline_sessions", "day_sessions", "reach_session_drop"),
    ),
    increased(
        "MissingReferrer",
        "dataset:clickstream_missing_referrer",
        "missing_referrer_increase",
        "Missing referrer rate high",
        "without a referrer",
        "reach_missing_referrer",
    ),
    increased(
        "MissingUtm",
        "dataset:clickstream_missing_utm",
        "missing_utm_increase",
        "Missing UTM rate high",
        "without a utm parameter",
        "reach_missing_utm",
    ),
    increased(
        "BotShareHigh",
        "dataset:clickstream_bot",
        "bot_share_increase",
        "Bot share high",
        "by declared bots and AI agents",
        "reach_bot_share",
    ),
    few_above(
        "JsonErrors",
        "json_error_events",
        "payload_events",
        "json_error_ratio",
        "JSON parse error rate high",
        "payloads are not valid JSON",
        ("day_payload_events",),
    ),
    few_above(
        "PurchasesWithoutRevenue",
        "purchases_without_revenue",
        "purchases",
        "purchase_without_revenue_ratio",
        "Purchases without revenue",
        "purchases have no amount above zero",
        ("day_purchases",),
    ),
    few_above(
        "PurchasesWithoutTransactionId",
        "purchases_without_transaction_id",
        "purchases",
        "purchase_without_transaction_id_ratio",
        "Purchases without transaction id",
        "purchases have no transaction id, or only a placeholder",
        ("day_purchases",),
    ),
    few_above(
        "ForeignCurrency",
        "foreign_currency_purchases",
        "purchases",
        "foreign_currency_ratio",
        "Foreign currency rate high",
        "purchases are in another currency than the configured one, so their amounts are not counted",
        ("day_purchases",),
    ),
    Check(
        "FieldMissing",
        WARNING,
        INTEGRITY,
        "dataset:clickstream_watched_fields:max == 0\n"
        "or on (dataset)\n"
        f"max by (dataset) (\n"
        f"  ({valid(f'{FIELD}:drop_ratio')} > bool on (dataset) group_left () {limit('field_drop_ratio')})\n"
        f"  * {IN_FIELD}\n"
        f"  ({valid(f'{FIELD}:drop_ratio')} > bool {IN_FIELD} {valid(f'{FIELD}:noise')})\n"
        f"  and {IN_FIELD} ({ENOUGH})\n"
        f"  or {IN_FIELD} {valid(f'{FIELD}:ratio')} * 0 and {IN_FIELD} ({ENOUGH})\n"
        f")\n+ on (dataset) 0 * sum by (dataset) ({SEVERAL_FIELDS}) > -Inf",
        "Field missing",
        f"{of_first(f'topk(1, {_DROPPED})', '{{ .Labels.field }}')} in <value> of its events vs usual <baseline>",
        f"{IN_HOURS}, these watched fields have a value in a smaller share of the events that should carry them than "
        "usual, the median of up to four weeks, by more than <limit> and by more than chance explains: "
        + each_series(f"sort_desc({_DROPPED})", "{{ $each.Labels.field }}")
        + ".",
        value=_of_worst_field("ratio"),
        baseline=_of_worst_field("baseline_ratio"),
        limit=limit_percent("field_drop_ratio"),
        guards=(*DRIFT, "baseline_filled_field_events", "day_field_events", "reach_field_drop"),
    ),
    Check(
        "ColumnMissing",
        WARNING,
        INTEGRITY,
        exceeds("dataset:clickstream_missing_column:ratio", "missing_column_ratio"),
        "Column missing",
        each_series(
            "max by (column, file) (clickstream_missing_column_info{dataset=%q})",
            "{{ $each.Labels.column }} in {{ $each.Labels.file }}",
            by="column",
        ),
        f"{ON_DAY}, <value> of the events are in files that lack a mapped column; the limit is <limit>.",
        value=percent("dataset:clickstream_missing_column:ratio"),
        limit=limit_percent("missing_column_ratio"),
    ),
    Check(
        "ColumnChanged",
        WARNING,
        INTEGRITY,
        f"{valid('dataset:clickstream_changed_column_events:max')} > bool 0",
        "Column changed",
        each_series(
            "max by (change, column, file) (clickstream_changed_column_info{dataset=%q})",
            "{{ $each.Labels.column }} ({{ $each.Labels.change }}) in {{ $each.Labels.file }}",
            between="; ",
            by="column",
        ),
        f"{ON_DAY}, <value> events are in files where a column has a name or a type that it has in no file of the "
        "week before.",
        value=whole("dataset:clickstream_changed_column_events:max"),
    ),
    Check(
        "ImplausibleTimestamps",
        WARNING,
        INTEGRITY,
        exceeds("dataset:clickstream_implausible_timestamp:ratio", "implausible_timestamp_ratio"),
        "Implausible timestamp rate high",
        "<value>",
        f"In the newest files, {whole('dataset:clickstream_implausible_timestamp_events:max')} of "
        f"{whole('dataset:clickstream_anchor_file_events:max')} events have a timestamp that is missing, invalid, "
        "before 2000 or more than a day ahead, so they count on no day; the limit is <limit>.",
        value=percent("dataset:clickstream_implausible_timestamp:ratio"),
        limit=limit_percent("implausible_timestamp_ratio"),
    ),
)
