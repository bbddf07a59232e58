"""Files with text that is not UTF-8: how many of their events have some."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from exporter.config.model import Dataset
from exporter.engine.duckdb.steps import FILE
from exporter.engine.spark import rows, worker
from exporter.engine.spark.session import Session
from exporter.engine.spark.tables import groups
from exporter.files import mapping
from exporter.files.entry import Measurable
from exporter.files.file import File


def of_files(session: Session, dataset: Dataset, files: Sequence[Measurable]) -> dict[File, int]:
    """The number of events with text that is not UTF-8, for each file that has some."""
    counted: dict[str, int] = {}
    for _, _, group in groups(dataset, files):
        frame, _ = rows.scan(session, group, sorted(mapping.read(dataset, group[0].footer)), named=True)
        bad = frame.mapInArrow(partial(worker.misencoded, FILE), "path STRING, events BIGINT")
        counted |= {path: int(number) for path, number in bad.groupBy("path").sum("events").collect()}
    return {each.file: counted[each.file.path] for each in files if each.file.path in counted}
