"""The gauges that no measure declares: their names and help texts."""

from __future__ import annotations

OWN = "clickstream_exporter_"
"""The prefix of the gauges about the exporter itself."""


HELP = {
    "clickstream_anchor_file_events": "Rows of the anchor day's files, and of files without a plausible timestamp.",
    "clickstream_changed_column_events": "Events in files of the anchor day where a column has another name or type "
    "than in the week before.",
    "clickstream_changed_column_info": "A column that changed, how, and the first file of the anchor day where it did.",
    "clickstream_complete_hours": "Complete hours of the anchor day: comparable gauges are the sum over them.",
    "clickstream_configured_events": "Events of all days with the purchase name, a taxonomy name, or an amount.",
    "clickstream_dataset_info": "Owner of the data set, currency of its amounts, labels of its alerts, as configured.",
    "clickstream_day_end_clock_seconds": "Time of day at which the day's events end, strays left out, in seconds since "
    "midnight.",
    "clickstream_day_last_event_clock_seconds": "Time of day of the day's last event, in seconds since midnight.",
    "clickstream_day_timestamp_seconds": "Start of the day in the reporting time zone, in seconds since the epoch.",
    "clickstream_day_utc_offset_seconds": "Offset of the reporting time zone from UTC at the start of the day, in "
    "seconds.",
    "clickstream_early_events": "Events of days that are not over and have too few events to be the anchor day.",
    "clickstream_excluded_day": "1 if the day is in no baseline, because it is known to be unlike others or before "
    "baseline_since, 0 if it may be.",
    "clickstream_excluded_day_info": "A day that is in no baseline, and why.",
    "clickstream_exporter_build_info": "The version of the exporter; the value is 1.",
    "clickstream_exporter_days_recomputed": "Days whose events the last refresh had to read.",
    "clickstream_exporter_last_refresh_timestamp_seconds": "End of the last successful refresh, in seconds since the "
    "epoch.",
    "clickstream_exporter_query_duration_seconds": "Duration of a measure in the last refresh, in seconds.",
    "clickstream_exporter_query_success": "1 if a measure succeeded in the last refresh, 0 if not.",
    "clickstream_exporter_reading_peak_memory_bytes": "Peak memory of the last reading process, in bytes.",
    "clickstream_exporter_refresh_duration_seconds": "Duration of the last refresh, in seconds.",
    "clickstream_exporter_refresh_interval_seconds": "Configured time between two refreshes, in seconds.",
    "clickstream_exporter_refresh_success": "1 if the last refresh succeeded, 0 if not.",
    "clickstream_files": "Files that the configured patterns match.",
    "clickstream_frequent_events": "Events of the most frequent names of the anchor day, inside and outside the "
    "taxonomy.",
    "clickstream_gauge_series": "Samples of each gauge of the data set in this exposition.",
    "clickstream_implausible_timestamp_events": "Anchor file events without a plausible timestamp.",
    "clickstream_intraday": "1 if the data set grows during the day, so that a partial anchor day is normal, 0 if not.",
    "clickstream_known_check_info": "A check that is informational on the anchor day, as configured, and why.",
    "clickstream_last_event_timestamp_seconds": "Time of the newest event of the anchor day, in seconds since the "
    "epoch.",
    "clickstream_limit": "Limits and guards of the checks, as configured.",
    "clickstream_links_info": "Where the links of the alerts lead, as configured.",
    "clickstream_low_since_clock_seconds": "Time of day from which on the anchor day has evidently fewer events or "
    "purchases than usual, in seconds since midnight.",
    "clickstream_missing_hours": "Hours of the anchor day with next to no events, by part of the day.",
    "clickstream_missing_hours_events": "Events in the missing hours.",
    "clickstream_missing_hours_expected_events": "Events expected in the missing hours.",
    "clickstream_missing_hours_info": "Start and end of the missing hours of the anchor day; the value is 1.",
    "clickstream_missing_column_info": "A mapped column, and the first file of the anchor day that lacks it.",
    "clickstream_not_measured": "A gauge that the data set does not have, and why.",
    "clickstream_plain_drops": "1 if every drop of more than its limit is critical, 0 if it needs evidence.",
    "clickstream_replaced_text_events": "Events of the anchor day's files with text that was not UTF-8.",
    "clickstream_searched_events": "Events of all days in which the configured ones were searched for.",
    "clickstream_series": "Samples of the data set in this exposition, including this one.",
    "clickstream_snapshot": "48-bit hash of the configuration and of all facts.",
    "clickstream_switched_off_info": "A check that the configuration switches off, and why.",
    "clickstream_unreadable_file_info": "The first file that could not be read, and why.",
    "clickstream_unreadable_files": "Files that could not be read and were set aside.",
    "clickstream_waiting_file_info": "The first file that is still being written, and the sign of that.",
    "clickstream_waiting_files": "Files that are still being written, and not measured yet.",
    "clickstream_watched_fields": "Fields that the configuration watches.",
}
"""Gauge to help text, for the gauges of a data set that no measure declares."""


RELOAD = {
    "clickstream_exporter_config_last_reload_success_timestamp_seconds": "Time of the last successful reload of the "
    "configuration, in seconds since the epoch.",
    "clickstream_exporter_config_last_reload_successful": "1 if the last reload of the configuration succeeded, 0 if "
    "not.",
}
"""Gauge to help text, for the gauges about reloads."""
