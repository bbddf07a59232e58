"""Fields: where a file has a configured name that is not a column: inside a column, or in the name of its folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

import pyarrow as pa

from exporter.files.file import File
from exporter.files.kinds import is_list, kind, value_type

NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"
"""What Hive and Spark write for NULL in the name of a folder."""

_BRACKETS = re.compile(r"\[([^\[\]]+)\](?=[.\[]|$)")


class FieldError(Exception):
    """An ambiguous name, which leads to two fields: `what: name`."""


@dataclass(frozen=True)
class Step:
    """One level down: `how` is field, map, pair (of a list of key/value structs), json, or folder; `to` is where."""

    how: str
    to: str | None


@dataclass(frozen=True)
class Field:
    """Where a file has what the configuration calls `source`.

    `name` is how the file writes it, `kind` and `type` are those of the value, `steps` lead to it. The first step
    is a column, or the only one a folder.
    """

    source: str
    name: str
    kind: str
    type: str
    steps: tuple[Step, ...]

    @property
    def is_folder(self) -> bool:
        """Whether the value is in the name of a folder."""
        return self.steps[0].how == "folder"

    @property
    def value(self) -> str | None:
        """The value in the folder's name."""
        return self.steps[0].to

    @property
    def keyed(self) -> bool:
        """Whether the value is found by a key in the data, so that only the data show whether it occurs."""
        return any(step.how in ("map", "pair", "json") for step in self.steps)

    @property
    def plain(self) -> tuple[str, ...]:
        """The column and the fields of structs in it, up to the first key."""
        names = []
        for step in self.steps:
            if step.how != "field":
                break
            names.append(step.to or "")
        return tuple(names)


@dataclass(frozen=True)
class Found:
    """A value in a file: its path as the file writes it, its type (None within JSON text), and the steps to it."""

    name: str
    type: pa.DataType | None
    steps: tuple[Step, ...]

    def below(self, name: str, how: str, to: str) -> Found:
        """The same value, seen from one level above."""
        return replace(self, name=name + self.name, steps=(Step(how, to), *self.steps))


def find(schema: pa.Schema, source: str) -> list[Found]:
    """The values of the file that `source` leads to; several if a key may have values of several types.

    Raises FieldError if `source` is ambiguous.
    """
    found = _in_struct(list(schema), f".{source}", source)
    return [replace(each, name=each.name.removeprefix(".")) for each in found]


def folder(file: File, source: str) -> tuple[str, str | None] | None:
    """The key and the value of the folder named `source=value`; None if there is none.

    For a symbolic link, its own folders count before those of its target; the innermost folder counts first.
    """
    for path in (file.name, file.path):
        for part in reversed(path.split("/")[:-1]):
            key, equals, value = part.partition("=")
            if equals and unquote(key).casefold() == source.casefold():
                return unquote(key), None if value == NULL_FOLDER else unquote(value)
    return None


def is_pairs(type_: pa.DataType) -> bool:
    """Whether values of the type are lists of key/value structs."""
    return _value_of_pairs(type_) is not None


def _in(type_: pa.DataType, rest: str, source: str) -> list[Found]:
    """The values that the `rest` of `source` leads to within a value of the type."""
    type_ = value_type(type_)
    if not rest:
        return [Found("", type_, ())]
    if pa.types.is_struct(type_):
        return _in_struct(_fields(type_), rest, source)
    if pa.types.is_map(type_) and kind(type_.key_type) == "text":
        return _at_key("map", type_.item_type, rest, source)
    if value := _value_of_pairs(type_):
        found = _at_key("pair", value.type, rest, source)
        return [replace(each, steps=(each.steps[0], Step("field", value.name), *each.steps[1:])) for each in found]
    if kind(type_) == "text" and (path := _json_path(rest)):
        return [Found(rest, None, (Step("json", path),))]
    return []


def _in_struct(fields: Sequence[pa.Field], rest: str, source: str) -> list[Found]:
    """The longest name that matches a field wins, because a name may have dots."""
    for text, name, further in _cuts(rest):
        alike = [field for field in fields if field.name.casefold() == name.casefold()]
        own = next((field for field in alike if field.name == name), alike[0] if alike else None)
        found = _in(own.type, further, source) if own else []
        if own and found:
            if len(alike) > 1:
                same = sum(field.name == own.name for field in alike) > 1
                raise FieldError(f"{'duplicate column' if same else 'columns that differ only in case'}: {source}")
            return [each.below(text.replace(name, own.name), "field", own.name) for each in found]
    return []


def _at_key(how: str, type_: pa.DataType, rest: str, source: str) -> list[Found]:
    """The values at a key: for a plain type all of `rest`, for a nested one its shortest part that leads to a value."""
    cuts = list(_cuts(rest))
    for text, key, further in reversed(cuts) if pa.types.is_nested(type_) else cuts:
        found = _in(type_, further, source) if further else _values(type_)
        if found:
            return [each.below(text, how, key) for each in found]
    return []


def _values(type_: pa.DataType) -> list[Found]:
    """The value at a key; of a struct its fields, one of which is not NULL: those named …_value if there are any."""
    if not pa.types.is_struct(type_):
        return [Found("", type_, ())]
    plain = [field for field in _fields(type_) if not pa.types.is_nested(field.type)]
    values = [field for field in plain if field.name.endswith("_value")] or plain
    return [Found("", field.type, (Step("field", field.name),)) for field in values] or [Found("", type_, ())]


def _value_of_pairs(type_: pa.DataType) -> pa.Field | None:
    """The field `value` of a list of structs with a text `key`; None for another type."""
    if not is_list(type_) or not pa.types.is_struct(type_.value_type):
        return None
    fields = {field.name.casefold(): field for field in _fields(type_.value_type)}
    return fields["value"] if "value" in fields and "key" in fields and kind(fields["key"].type) == "text" else None


def _fields(type_: pa.DataType) -> list[pa.Field]:
    return [type_.field(number) for number in range(type_.num_fields)]


def _cuts(rest: str) -> Iterator[tuple[str, str, str]]:
    """Each first part of `.a.b[c]`, the longest first: as written, the name alone, and the rest."""
    if bracketed := _BRACKETS.match(rest):
        yield bracketed[0], bracketed[1], rest[bracketed.end() :]
    elif rest.startswith("."):
        for end in (len(rest), *(at for at in range(len(rest) - 1, 1, -1) if rest[at] in ".[")):
            if end > 1:
                yield rest[:end], rest[1:end], rest[end:]


def _json_path(rest: str) -> str | None:
    """The JSON path for `.a.b[c]`; None if one of its names cannot be part of a JSON path."""
    path = "$"
    while rest:
        part = next(iter(reversed(list(_cuts(rest)))), None)
        if part is None or '"' in part[1]:
            return None
        text, name, rest = part
        path += f"[{name}]" if text.startswith("[") and name.isdigit() else f'."{name}"'
    return path
