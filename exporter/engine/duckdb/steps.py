"""SQL for the path to a value within a column, and for quoted names and text."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.files.fields import Step

FILE = "clickstream-exporter: path of the file"
"""The column of a scan with the path of the file: a name that no file uses."""

_KEYS = "list_transform({}, lambda pair: pair.key)"
"""The keys of a list of key/value structs: the same text for each key that is read, so that DuckDB takes them once."""


_PAIR = """list_extract({value}, CASE
  WHEN list_extract({value}, {place}).key = {key} THEN {place}
  ELSE list_position({keys}, {key})
END)"""
"""The pair with a key: most lists have a key at the same place, and to look there costs an eighth of a search."""


def expression(steps: Sequence[Step], extract: str = "json_extract_string", place: str = "1") -> str:
    """SQL for the value that the steps lead to, in JSON text by the function `extract`.

    Only the named fields of a struct are read from the file. `place` is SQL for where in a list of pairs the key is
    looked for before it is searched.
    """
    first, *further = steps
    if first.how == "folder":
        return "CAST(NULL AS VARCHAR)" if first.to is None else text(first.to)
    value = identifier(first.to or "")
    for step in further:
        to = text(step.to or "")
        value = {
            "field": f"struct_extract({value}, {to})",
            "map": f"map_extract_value({value}, {to})",
            "pair": _PAIR.format(value=value, place=place, key=to, keys=_KEYS.format(value)),
            "json": f"CASE WHEN json_valid({value}) THEN {extract}({value}, {to}) END",
        }[step.how]
    return value


def position(steps: Sequence[Step]) -> str | None:
    """SQL for the place of the key in the first list of pairs that the steps lead to; None if they lead to none."""
    number = next((number for number, step in enumerate(steps) if step.how == "pair"), None)
    if number is None:
        return None
    return f"list_position({_KEYS.format(expression(steps[:number]))}, {text(steps[number].to or '')})"


def first_of(values: Sequence[str], type_: str = "VARCHAR") -> str:
    """SQL for the first of the values, all of the type, that is not NULL; NULL if there are none.

    One alone stays as it is read: `coalesce` would write out the dictionary of its column, so that each function ran
    for each row and no longer once for each value.
    """
    if not values:
        return f"CAST(NULL AS {type_})"
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def identifier(name: str) -> str:
    """The name of a column, quoted."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text, quoted."""
    return "'" + value.replace("'", "''") + "'"
