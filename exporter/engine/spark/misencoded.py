"""Files with text that is not UTF-8: how many of their events have some."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.engine.spark import rows, worker
from exporter.engine.spark.rows import Readable
from exporter.engine.spark.session import Session
from exporter.files.file import File


def of_files(session: Session, files: Iterable[Readable]) -> dict[File, int]:
    """The number of events with text that is not UTF-8, for each file that has some."""
    listed = list(files)
    counted: dict[str, int] = {}
    for group in rows.alike(listed):
        frame, _ = rows.scan(session, group, named=True)
        bad = frame.mapInArrow(worker.misencoded, "path STRING")
        counted |= {path: int(number) for path, number in bad.groupBy("path").count().collect()}
    return {each.of.file: counted[each.of.file.path] for each in listed if each.of.file.path in counted}
