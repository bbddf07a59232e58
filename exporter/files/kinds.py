"""Kinds: what a column of a file contains, whatever its exact type is."""

from __future__ import annotations

import pyarrow as pa


def kind(type_: pa.DataType) -> str:
    """What a column contains: timestamp, instant, text, integer, number, date, nested, nothing or other."""
    type_ = value_type(type_)
    if pa.types.is_timestamp(type_):
        return "instant" if type_.tz else "timestamp"
    tests = {
        "text": (
            *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
            *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
        ),
        "integer": (pa.types.is_integer,),
        "number": (pa.types.is_floating, pa.types.is_decimal),
        "date": (pa.types.is_date,),
        "nothing": (pa.types.is_null,),
        "nested": (pa.types.is_nested,),
    }
    return next((name for name, each in tests.items() if any(test(type_) for test in each)), "other")


def value_type(type_: pa.DataType) -> pa.DataType:
    """The type itself; for a dictionary, the type of its values; for JSON, text."""
    if isinstance(type_, pa.BaseExtensionType) and type_.extension_name == "arrow.json":
        return type_.storage_type
    return type_.value_type if pa.types.is_dictionary(type_) else type_


def is_list(type_: pa.DataType) -> bool:
    """Whether it is a list, in any of Arrow's layouts."""
    layouts = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    views = (pa.types.is_list_view, pa.types.is_large_list_view)
    return any(test(type_) for test in (*layouts, *views))
