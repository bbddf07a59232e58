"""What is kept from one reading to the next, on disk: deleting it costs time, never correctness."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from exporter.facts.model import DayFacts, Known
from exporter.files.entry import Measurable
from exporter.files.fields import Field, Step
from exporter.files.file import File
from exporter.files.footers import Footer
from exporter.measures.declared import Facts, Number
from exporter.temporary import SPILL, Folder, TemporaryError, remove_dead

log = logging.getLogger("exporter")

TEMPORARY = "clickstream-storage-"
"""The prefix of the names of temporary storage folders."""

FORMAT = "clickstream-exporter storage 5"


class StorageError(Exception):
    """A storage folder that cannot be used: `--storage.path: path: what`, or cannot be created: `where: what`."""


class Storage:
    """A folder for each data set below `path`; without a path, in a temporary folder that is removed on exit.

    The temporary folder is also used if `path` is not writable: then nothing is kept, which only costs time.
    """

    def __init__(self, path: Path | None = None) -> None:
        for prefix in (TEMPORARY, SPILL):
            remove_dead(prefix)
        self._lock = _lock(path) if path else None
        self._keeps = self._lock is not None
        self._temporary = None if self._lock else _temporary(path)
        self._path = self._temporary.path if self._temporary else path or Path()
        for leftover in self._path.glob(f"*/{SPILL}*"):  # of a process that was killed
            shutil.rmtree(leftover, ignore_errors=True)

    def folder(self, dataset: str) -> Path:
        """Where the reading process keeps what it needs again."""
        folder = self._path / dataset
        with contextlib.suppress(OSError):  # reported on the first write
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def load(self, dataset: str) -> Known:
        """What was kept for the data set; empty if nothing was, or if it is damaged or has another format."""
        path = self._file(dataset)
        try:
            title, checksum, text = path.read_bytes().split(b"\n", 2)
            if title.decode() != FORMAT or checksum.decode() != _checksum(text):
                raise ValueError("damaged, or written by another version")
            return _decoded(json.loads(text))
        except FileNotFoundError:
            return Known()
        except (OSError, ValueError, TypeError, KeyError, ArithmeticError) as error:
            log.warning("%s: discarded: %s", path, getattr(error, "strerror", None) or error)
            return Known()

    def save(self, dataset: str, known: Known) -> str | None:
        """Keep what is known of the data set, atomically; returns why that failed, or None."""
        if not self._keeps:
            return None
        text = json.dumps(_encoded(known), separators=(",", ":")).encode()
        path = self._file(dataset)
        unfinished = path.with_suffix(".tmp")
        try:
            unfinished.write_bytes(f"{FORMAT}\n{_checksum(text)}\n".encode() + text)
            os.replace(unfinished, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            return f"{path}: nothing is kept: {error.strerror}"
        return None

    def _file(self, dataset: str) -> Path:
        return self._path / dataset / "clickstream-exporter.json"


def _lock(path: Path) -> IO[str] | None:
    """The lock of the folder, held as long as the process lives; None if the folder is not writable.

    Raises StorageError if another process holds the lock, or if `path` is not a folder.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (path / "lock").open("a")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise StorageError(f"--storage.path: {path}: {error.strerror}") from None
    except OSError as error:
        log.warning("--storage.path: %s: nothing is kept: %s", path, error.strerror)
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StorageError(f"--storage.path: {path}: in use by another exporter") from None
    except OSError as error:
        log.warning("--storage.path: %s: cannot be locked, nothing is kept: %s", path, error.strerror)
        return None
    return lock


def _temporary(path: Path | None) -> Folder:
    """A folder that is removed on exit, in place of `path`."""
    try:
        return Folder(TEMPORARY)
    except TemporaryError as error:
        other = f"make --storage.path {path} writable" if path else "give --storage.path"
        raise StorageError(f"{error}, or {other}") from None


def _checksum(text: bytes) -> str:
    return blake2b(text, digest_size=16).hexdigest()


def _encoded(known: Known) -> dict[str, Any]:
    return {
        "columns": known.columns,
        "entries": [
            [file, astuple(entry.footer), entry.first, entry.last, entry.implausible]
            for file, entry in known.entries.items()
            if isinstance(entry, Measurable)
        ],
        "days": {
            key: [
                facts.date.isoformat(),
                facts.lasts,
                _numbers(facts.found),
                dict(facts.labels),
                facts.names,
                facts.replaced,
            ]
            for key, facts in known.days.items()
        },
    }


def _numbers(facts: Facts) -> dict[str, Any]:
    """The facts for JSON: a Decimal becomes text, so that no digit is lost."""
    return {
        gauge: {value: {hour: _plain(number) for hour, number in hours.items()} for value, hours in values.items()}
        for gauge, values in facts.items()
    }


def _plain(number: Number) -> int | float | str:
    return str(number) if isinstance(number, Decimal) else number


def _decoded(stored: Mapping[str, Any]) -> Known:
    entries = {}
    for listed, (kinds, rows, minimum, maximum, nulls, types, fields), first, last, implausible in stored["entries"]:
        file = File(*listed)
        footer = Footer(
            tuple((name, kind) for name, kind in kinds), rows, minimum, maximum, nulls, tuple(types), _fields(fields)
        )
        entries[file] = Measurable(file, footer, first, last, implausible)
    days = {
        key: DayFacts(
            date.fromisoformat(day),
            {int(hour): last for hour, last in lasts.items()},
            _facts(found),
            labels,
            tuple((name, events, known) for name, events, known in names),
            replaced,
        )
        for key, (day, lasts, found, labels, names, replaced) in stored["days"].items()
    }
    return Known(stored["columns"], entries, days)


def _fields(stored: Sequence[Any]) -> tuple[Field, ...]:
    return tuple(
        Field(source, name, kind, type_, tuple(Step(how, to) for how, to in steps))
        for source, name, kind, type_, steps in stored
    )


def _facts(stored: Mapping[str, Any]) -> Facts:
    return {
        gauge: {
            value: {int(hour): Decimal(number) if isinstance(number, str) else number for hour, number in hours.items()}
            for value, hours in values.items()
        }
        for gauge, values in stored.items()
    }
