"""The columns of files as Spark must read them: explicit types, so that Spark infers nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import types as spark

from exporter.files.kinds import is_list, value_type

PLAIN = (
    (pa.types.is_boolean, spark.BooleanType()),
    (pa.types.is_int8, spark.ByteType()),
    (pa.types.is_int16, spark.ShortType()),
    (pa.types.is_int32, spark.IntegerType()),
    (pa.types.is_int64, spark.LongType()),
    (pa.types.is_uint8, spark.ShortType()),
    (pa.types.is_uint16, spark.IntegerType()),
    (pa.types.is_uint32, spark.LongType()),
    (pa.types.is_uint64, spark.DecimalType(20, 0)),
    (pa.types.is_float32, spark.FloatType()),
    (pa.types.is_float64, spark.DoubleType()),
    (pa.types.is_date, spark.DateType()),
    (pa.types.is_string, spark.StringType()),
    (pa.types.is_large_string, spark.StringType()),
    (pa.types.is_string_view, spark.StringType()),
    (pa.types.is_binary, spark.StringType()),
    (pa.types.is_large_binary, spark.StringType()),
    (pa.types.is_binary_view, spark.StringType()),
    (pa.types.is_null, spark.IntegerType()),
)
"""Types of Arrow, and what Spark reads them as; bytes are text, as in DuckDB."""


class SchemaError(Exception):
    """A column of a type that Spark does not read as DuckDB does: what."""


def read(path: str, columns: Collection[str]) -> tuple[spark.StructType, dict[str, pa.DataType]]:
    """How Spark reads these columns of the file, and the types that some of them have there but not in Spark.

    A column is a name, or a path of fields as `column.field`. Raises SchemaError.
    """
    with pq.ParquetFile(path) as file:
        old = {leaf.path for leaf in _leaves(file) if leaf.physical_type == "INT96"}
        own = {field.name: field for field in file.schema_arrow if _is_read(field.name, columns)}
    fields, types = [], {}
    for name, field in own.items():
        fields.append(spark.StructField(name, _type(name, field.type, old, columns)))
        own_type = _mapped(name, field.type, old, columns, None)
        if own_type != _mapped(name, field.type, old, columns, pa.int64()):
            types[name] = own_type
    return spark.StructType(fields), types


def _leaves(file: pq.ParquetFile) -> Iterator[pq.ColumnSchema]:
    return (file.schema.column(number) for number in range(len(file.schema)))


def _is_read(path: str, columns: Collection[str]) -> bool:
    """Whether the column or field at the path is read, or something in it, or what it is in."""
    return any(each == path or each.startswith(f"{path}.") or path.startswith(f"{each}.") for each in columns)


def _type(path: str, given: pa.DataType, old: Collection[str], columns: Collection[str]) -> spark.DataType:
    """The type of Spark. Raises SchemaError."""
    type_ = value_type(given)
    if pa.types.is_struct(type_):
        inside = _inside(path, type_, columns)
        types = (_type(f"{path}.{each.name}", each.type, old, columns) for each in inside)
        return spark.StructType([spark.StructField(each.name, of) for each, of in zip(inside, types, strict=True)])
    if pa.types.is_map(type_):
        return spark.MapType(*(_type(path, each, old, [path]) for each in (type_.key_type, type_.item_type)))
    if is_list(type_):
        return spark.ArrayType(_type(path, type_.value_type, old, [path]))
    if pa.types.is_timestamp(type_):
        return _timestamp(type_, is_old=path in old)
    return _plain(path, type_)


def _timestamp(type_: pa.DataType, *, is_old: bool) -> spark.DataType:
    """The type of a timestamp, which is `is_old` if it has 96 bits: those are instants to Spark."""
    if type_.unit == "ns" and not is_old:
        return spark.LongType()
    return spark.TimestampType() if type_.tz or is_old else spark.TimestampNTZType()


def _plain(path: str, type_: pa.DataType) -> spark.DataType:
    if pa.types.is_decimal128(type_):
        return spark.DecimalType(type_.precision, type_.scale)
    for test, found in PLAIN:
        if test(type_):
            return found
    raise SchemaError(f"{path}: {type_} is not read the same by Spark")


def _inside(path: str, type_: pa.DataType, columns: Collection[str]) -> list[pa.Field]:
    """The fields of a struct that are read."""
    return [each for each in type_ if _is_read(f"{path}.{each.name}", columns)]


def _mapped(
    path: str, given: pa.DataType, old: Collection[str], columns: Collection[str], nanoseconds: pa.DataType | None
) -> pa.DataType:
    """The part of the type that is read, with another in place of timestamps with nanoseconds, None for themselves."""
    type_ = value_type(given)
    if pa.types.is_timestamp(type_) and type_.unit == "ns" and path not in old:
        return nanoseconds or type_
    if pa.types.is_struct(type_):
        inside = _inside(path, type_, columns)
        fields = (_mapped(f"{path}.{each.name}", each.type, old, columns, nanoseconds) for each in inside)
        return pa.struct([(each.name, found) for each, found in zip(inside, fields, strict=True)])
    if pa.types.is_map(type_):
        return pa.map_(*(_mapped(path, each, old, [path], nanoseconds) for each in (type_.key_type, type_.item_type)))
    return pa.list_(_mapped(path, type_.value_type, old, [path], nanoseconds)) if is_list(type_) else type_
