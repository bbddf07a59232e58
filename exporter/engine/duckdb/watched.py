"""SQL for the watched fields of a data set: which events should carry each, and which have a value in it."""

from __future__ import annotations

from exporter.config.model import Dataset
from exporter.engine.duckdb.steps import text

_FILLED = "CASE WHEN regexp_extract({column}, $placeholder) <> {column} THEN true END"
_NONE = "SELECT CAST(NULL AS TINYINT) AS hour, '' AS field, 0 AS events, 0 AS filled WHERE false"


def filled(dataset: Dataset) -> list[str]:
    """SQL for each column of a field, with its name: true if it has a value, otherwise NULL."""
    return [f"{_FILLED.format(column=column)} AS {column}" for column in dataset.field_columns()]


def counts(dataset: Dataset) -> str:
    """SQL for the relation `watched_fields`: by hour and field, the events that should carry it and those that do."""
    columns = dataset.field_columns()
    if not columns:
        return _NONE
    counted = ", ".join(f"count({column}) AS {column}" for column in columns)
    each = (
        f"SELECT hour, {text(name)} AS field, sum(events) AS events, sum({column}) AS filled\n"
        f"FROM counted{_of_kinds(dataset, name)} GROUP BY hour"
        for column, name in columns.items()
    )
    return (
        f"WITH counted AS (SELECT hour, event_name, count(*) AS events, {counted} FROM events GROUP BY ALL)\n"
        + "\nUNION ALL\n".join(each)
    )


def by_field(dataset: Dataset) -> str:
    """A statement that creates the view `field_events` of the view `events`: a row for each event and watched field."""
    own = ", ".join(dataset.field_columns())
    each = (
        f"SELECT {text(name)} AS field, {column} AS value, {_FILLED.format(column=column)} AS is_filled,\n"
        f"       * EXCLUDE ({own})\nFROM events{_of_kinds(dataset, name)}"
        for column, name in dataset.field_columns().items()
    )
    return "CREATE OR REPLACE TEMP VIEW field_events AS\n" + "\nUNION ALL\n".join(each) + ";"


def kinds(dataset: Dataset, column: str) -> str:
    """The parameter with the names of the events that should carry the field; empty if all should, or if it is none."""
    name = dataset.field_columns().get(column)
    return f"${column}_events" if name and dataset.watched_fields[name].events else ""


def parameters(dataset: Dataset) -> dict[str, list[str]]:
    """The parameters that `kinds` names."""
    fields = {column: dataset.watched_fields[name] for column, name in dataset.field_columns().items()}
    return {f"{column}_events": list(field.events) for column, field in fields.items()}


def _of_kinds(dataset: Dataset, name: str) -> str:
    """SQL for the condition that the event should carry the field; empty if all should."""
    events = dataset.watched_fields[name].events
    return f" WHERE event_name IN ({', '.join(map(text, events))})" if events else ""
