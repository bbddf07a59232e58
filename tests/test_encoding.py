"""Text that is not UTF-8, as Spark, Hive and Impala write it, costs the value and not the file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.facts.storage import Storage
from tests.support.exposition import SHOP, TEXT, TYPES, once, purchase, run, view, write_config, write_rows
from tests.support.readings import measured

LATIN_1 = "https://shop.example/caf\xe9".encode("latin-1")


def text(values: list[bytes | None]) -> pa.Array:
    """The bytes as an array that says that they are text."""
    return pa.array(values, pa.binary()).view(TEXT)


KINDS: dict[str, Callable[[list[bytes | None]], pa.Array]] = {
    "text": text,
    "large text": lambda values: pa.array(values, pa.large_binary()).view(pa.large_string()),
    "binary": lambda values: pa.array(values, pa.binary()),
    "dictionary": lambda values: text(values).dictionary_encode(),
    "text view": lambda values: pa.array(values, pa.binary_view()).view(pa.string_view()),
    "binary view": lambda values: pa.array(values, pa.binary_view()),
}


def spoil(path: Path, column: str, made: pa.Array, **options: object) -> None:
    """Put these values into a column of the file."""
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(column), column, made), path, **options)


@pytest.mark.parametrize("use_dictionary", [True, False], ids=["in a dictionary", "plain"])
@pytest.mark.parametrize("kind", KINDS)
def test_d6_text_that_is_not_utf_8(tmp_path: Path, kind: str, use_dictionary: bool) -> None:
    """All events of the day are measured, in whichever type and encoding the text is; those of the file are counted."""
    utm = b"https://shop.example/?utm_source=mail"
    path = write_rows(tmp_path / "bad.parquet", [view(client_id=str(number)) for number in range(9)])
    spoil(path, "page_url", KINDS[kind]([LATIN_1, None, utm] * 3), use_dictionary=use_dictionary)
    write_rows(tmp_path / "good.parquet", [view(), purchase(event_data='{"revenue": 5}')])
    found = measured(tmp_path)
    assert found.files.unreadable == ()
    assert found.files.replaced == 3
    (day,) = found.days
    assert day.found["clickstream_events"] == {"": {10: 11}}
    assert day.found["clickstream_missing_utm_events"] == {"": {10: 8}}
    assert day.found["clickstream_revenue"] == {"": {10: 5}}


def test_replaced_text_is_remembered(tmp_path: Path) -> None:
    """A reading that finds the same files, also after a restart, knows how many events it was."""
    path = write_rows(tmp_path / "bad.parquet", [view(), view(), {**view(), "timestamp": "2312-01-01"}])
    spoil(path, "page_url", text([LATIN_1, LATIN_1, None]))
    first = measured(tmp_path)
    storage = Storage(tmp_path / "storage")
    storage.folder("web")
    assert storage.save("web", first.known) is None
    again = measured(tmp_path, storage.load("web"))
    assert (first.files.replaced, again.files.replaced, again.recomputed) == (2, 2, 0)


def test_nested_text_that_is_not_utf_8(tmp_path: Path) -> None:
    """A payload that is a struct or a list is JSON nevertheless; each event that has such a text counts once."""
    values = text([b"ok", b"caf\xe9", b"caf\xe9", None])
    revenue = pa.array([1, 2, 4, 8])
    struct = pa.StructArray.from_arrays([values, values, revenue], names=["text", "again", "revenue"])
    path = write_rows(tmp_path / "bad.parquet", [purchase(client_id=str(number)) for number in range(4)])
    spoil(path, "event_data", struct)
    found = measured(tmp_path)
    assert found.files.replaced == 2
    assert found.days[0].found["clickstream_revenue"] == {"": {10: 15}}
    spoil(path, "event_data", pa.ListArray.from_arrays(pa.array([0, 1, 2, 3, 4], pa.int32()), struct))
    found = measured(tmp_path)
    assert found.files.replaced == 2
    assert found.days[0].found["clickstream_payload_events"] == {"": {10: 4}}


def test_d4_timestamp_that_is_not_utf_8(tmp_path: Path) -> None:
    """A timestamp that is text costs its event, which is implausible, as any text that is no time."""
    times = TYPES | {"timestamp": TEXT}
    path = write_rows(tmp_path / "bad.parquet", [view(), view()], times)
    spoil(path, "timestamp", text([b"2025-03-09 10:00", b"2025-03-09 10:0\xe9"]))
    found = measured(tmp_path)
    assert (found.files.unreadable, found.files.implausible, found.files.replaced) == ((), 1, 1)
    assert found.days[0].found["clickstream_events"] == {"": {10: 1}}


def test_replaced_text_is_logged_without_it(tmp_path: Path) -> None:
    """One line says how many events it is."""
    path = write_rows(tmp_path / "bad.parquet", [purchase(), view()])
    spoil(path, "client_id", text([b"jane@caf\xe9.example", b"a"]))
    out = once(write_config(tmp_path, web=SHOP))
    assert "1 events in the files of the newest day have text that is not UTF-8: read as ?" in out.warnings
    assert "jane" not in out.text + out.warnings


POSIX = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def latin_1(folder: Path) -> dict[str, str]:
    """The variables of a locale that decodes names as Latin-1, made in the folder."""
    command = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(folder / "en_US.ISO-8859-1")]
    if not which("localedef") or subprocess.run(command, check=False, capture_output=True).returncode > 1:
        pytest.skip("no locale can be made here")
    return {"LOCPATH": str(folder), "LC_ALL": "en_US.ISO-8859-1", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("locale", [lambda _: POSIX, latin_1], ids=["POSIX", "Latin-1"])
def test_d7_names_in_another_locale(tmp_path: Path, locale: Callable[[Path], dict[str, str]]) -> None:
    """Whatever the locale, a path is UTF-8: the same is measured and kept; a file whose name is not UTF-8 is named."""
    folder = tmp_path / "données"
    for city in ("Orléans", "東京"):
        write_rows(folder / f"ville={city}" / "événements.parquet", [view(event_name=None)] * 2)
    columns = SHOP["columns"] | {"event_name": ["event_name", "ville"]}
    config = write_config(folder, web=SHOP | {"files": "ville=*/é*.parquet", "columns": columns})
    expected = once(config).text
    environment = locale(tmp_path)
    assert once(config, **environment).text == expected
    assert once(config, f"--storage.path={folder}/gardé", **environment).text == expected
    assert list((folder / "gardé" / "web").glob("*.digest"))
    checked = run(config, "--check-config", PYTHONIOENCODING="utf-8", **environment)
    assert (checked.returncode, checked.stderr) == (0, "")
    odd = os.fsencode(folder / "ville=東京") + b"/\xc3\xa9\xff.parquet"
    os.link(folder / "ville=東京" / "événements.parquet", odd)
    warnings = once(config, PYTHONIOENCODING="utf-8", **environment).warnings
    assert "ville=東京/é?.parquet set aside: its path is not UTF-8" in warnings
