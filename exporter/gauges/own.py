"""The gauges that no measure declares: their names and help texts."""

from __future__ import annotations

OWN = "clickstream_exporter_"
"""What the names of the gauges begin with that tell of the exporter itself."""


HELP = {
    "clickstream_anchor_file_events": "Rows of the anchor day's files, and of files without a plausible timestamp.",
    "clickstream_changed_column_events": "Events in files of the anchor day where a column has another name or type "
    "than in the week before.",
    "clickstream_changed_column_info": "A column that changed, how, and the first file of the anchor day where it did.",
    "clickstream_complete_hours": "Hours of the anchor day that are surely over, which comparable gauges sum up.",
    "clickstream_configured_events": "Events of all days that have the purchase name, a taxonomy name or an amount.",
    "clickstream_day_end_clock_seconds": "Wall clock at which the day's events end, strays left out, in seconds.",
    "clickstream_day_last_event_clock_seconds": "Wall clock of the day's last event, in seconds since midnight.",
    "clickstream_day_timestamp_seconds": "Start of the day in the reporting time zone, since the epoch.",
    "clickstream_day_utc_offset_seconds": "Offset of the reporting time zone from UTC at the start of the day.",
    "clickstream_early_events": "Events of days that are not over and have too few to be the anchor day.",
    "clickstream_exporter_build_info": "The version of the exporter.",
    "clickstream_exporter_days_recomputed": "Days whose events the last refresh had to read.",
    "clickstream_exporter_last_refresh_timestamp_seconds": "End of the last refresh that succeeded, since the epoch.",
    "clickstream_exporter_query_duration_seconds": "Time that a measure took in the last refresh.",
    "clickstream_exporter_query_success": "Whether a measure succeeded in the last refresh.",
    "clickstream_exporter_reading_peak_memory_bytes": "Most memory that the last reading had at once.",
    "clickstream_exporter_refresh_duration_seconds": "Time that the last refresh took.",
    "clickstream_exporter_refresh_interval_seconds": "Time between two refreshes, as configured.",
    "clickstream_exporter_refresh_success": "Whether the last refresh succeeded.",
    "clickstream_files": "Files found.",
    "clickstream_frequent_events": "Events of the most frequent names of the anchor day, in the taxonomy and not.",
    "clickstream_gauge_series": "Samples that each gauge of the data set has in this exposition.",
    "clickstream_implausible_timestamp_events": "Those of the anchor file events that have no plausible timestamp.",
    "clickstream_intraday": "Whether the data set grows during the day, so that a partial anchor day is normal.",
    "clickstream_last_event_timestamp_seconds": "The newest event of the anchor day, since the epoch.",
    "clickstream_limit": "Limits and guards of the checks, as configured.",
    "clickstream_links_info": "Where the links of the alerts lead, as configured.",
    "clickstream_missing_hours": "Hours of the anchor day that hold next to nothing, by part of the day.",
    "clickstream_missing_hours_events": "Events that the missing hours hold.",
    "clickstream_missing_hours_expected_events": "Events that the missing hours should hold.",
    "clickstream_missing_hours_info": "Which hours of the anchor day are missing.",
    "clickstream_missing_column_info": "A mapped column, and the first file of the anchor day that lacks it.",
    "clickstream_not_measured": "A gauge that the data set does not have, and why.",
    "clickstream_replaced_text_events": "Events of the anchor day's files with text that was not UTF-8.",
    "clickstream_searched_events": "Events of all days among which the configured ones were searched.",
    "clickstream_series": "Samples of the data set in this exposition, itself included.",
    "clickstream_snapshot": "48-bit hash of the configuration and of all facts.",
    "clickstream_switched_off_info": "A check that the configuration switches off, and why.",
    "clickstream_unreadable_file_info": "The first file that could not be read, and why.",
    "clickstream_unreadable_files": "Files that could not be read and were set aside.",
    "clickstream_waiting_file_info": "The first file that is being written, and how that shows.",
    "clickstream_waiting_files": "Files that are being written, and are waited for.",
}
"""Gauge to help text, for the gauges of a data set that no measure declares."""


RELOAD = {
    "clickstream_exporter_config_last_reload_success_timestamp_seconds": "When the configuration could last be used.",
    "clickstream_exporter_config_last_reload_successful": "Whether the configuration could be used when last read.",
}
"""Gauge to help text, for what tells how the configuration was read."""
