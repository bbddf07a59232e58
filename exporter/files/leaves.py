"""Leaves: every name that a configuration could write for a file, from its schema alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa

from exporter.files import fields
from exporter.files.fields import FieldError
from exporter.files.file import File
from exporter.files.kinds import kind, value_type

DEEPEST = 4
"""The maximum depth of structs within structs."""


@dataclass(frozen=True)
class Leaf:
    """A name and the kind of its values; `keyed` if these are maps or lists of key/value structs, whose keys are names.

    `zone` is the zone that the type of a timestamp names.
    """

    name: str
    kind: str
    keyed: bool = False
    zone: str = ""


def leaves(schema: pa.Schema, file: File) -> list[Leaf]:
    """The leaves of a file, without those that a configuration cannot name, and the keys of its folders."""
    own = list(_below("", list(schema), 1))
    seen = [each.name.casefold() for each in own]
    plain = [each for each in own if _nameable(schema, each.name) and seen.count(each.name.casefold()) == 1]
    return [*plain, *(Leaf(name, "text") for name in _folders(file) if name.casefold() not in seen)]


def key(of: str, name: str) -> str | None:
    """The name of the key `name` within `of`; None if no configuration can write it."""
    return None if not name.strip() or any(each in name for each in "[]") else f"{of}[{name}]"


def _below(above: str, inner: Sequence[pa.Field], depth: int) -> Iterator[Leaf]:
    for field in inner:
        type_, name = value_type(field.type), f"{above}.{field.name}" if above else field.name
        if pa.types.is_struct(type_) and depth < DEEPEST:
            yield from _below(name, [type_.field(number) for number in range(type_.num_fields)], depth + 1)
        elif pa.types.is_map(type_) or fields.is_pairs(type_):
            yield Leaf(name, "nested", keyed=True)
        else:
            yield Leaf(name, kind(type_), zone=getattr(type_, "tz", None) or "")


def _nameable(schema: pa.Schema, name: str) -> bool:
    """Whether the name, in a configuration, leads to one place; a JSON path and a blank name never do."""
    if not name.strip() or name == "$" or name.startswith(("$.", "$[")):
        return False
    if name in schema.names:
        return True
    try:
        return len(fields.find(schema, name)) == 1
    except FieldError:
        return False


def _folders(file: File) -> Iterator[str]:
    """The keys in the names of the file's folders."""
    for part in file.name.split("/")[:-1]:
        name, equals, _ = part.partition("=")
        if equals and name.strip():
            yield unquote(name)
