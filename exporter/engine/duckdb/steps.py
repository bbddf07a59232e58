"""SQL for the way to a value within a column, and for names and text."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.files.fields import Step

FILE = "clickstream-exporter: path of the file"
"""The column of a scan that holds the path: a name that no file has."""


def expression(steps: Sequence[Step]) -> str:
    """SQL for the value that the steps lead to. Of a struct only the fields that are named are read from the file."""
    first, *further = steps
    if first.how == "folder":
        return "CAST(NULL AS VARCHAR)" if first.to is None else text(first.to)
    value = identifier(first.to or "")
    for step in further:
        to = text(step.to or "")
        value = {
            "field": f"struct_extract({value}, {to})",
            "map": f"map_extract_value({value}, {to})",
            "pair": f"list_extract(list_filter({value}, lambda pair: pair.key = {to}), 1)",
            "json": f"CASE WHEN json_valid({value}) THEN json_extract_string({value}, {to}) END",
        }[step.how]
    return value


def identifier(name: str) -> str:
    """The name of a column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text, quoted."""
    return "'" + value.replace("'", "''") + "'"
