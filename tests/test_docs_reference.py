"""The reference in exporter/README.md is complete: every metric, every key, and what a measure can read."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from exporter.config.amounts import Amount
from exporter.config.checks import DRIFTS, KNOWABLE, Limits
from exporter.config.engine import Spark
from exporter.config.known_days import LONGEST, KnownDays
from exporter.config.model import Columns, Config, Dataset, Links, Resources
from exporter.config.watched import WatchedField
from exporter.demo.write import write_demo
from exporter.gauges import own
from exporter.measures import declared
from exporter.web.web_config import TlsServer
from tests.support.documents import ROOT, rows, section, words

EXPORTER = "exporter/README.md"
MEASURES = declared.load()
DECLARED = {gauge: measure for measure in MEASURES for gauge in measure.gauges}
DAY, WHOLE, SELF = "Numbers of a day", "The data set as a whole", "The exporter itself"


def documented(heading: str) -> dict[str, list[str]]:
    """The rows of a table of metrics or keys, by the name in the first cell."""
    found = {words(row[0])[0]: row for row in rows(EXPORTER, heading)}
    assert len(found) == len(rows(EXPORTER, heading))
    return found


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """The labels of each gauge that the demo has."""
    config = write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9))
    command = [sys.executable, "-m", "exporter", "--config.file", str(config), "--as-of", "2025-03-09", "--once"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {
        name: set(re.findall(r'(\w+)="', rest)) for name, rest in re.findall(r"^(\w+)\{(.*)\} ", text, re.MULTILINE)
    }
    assert len(found) > 60
    return found


def test_every_metric_of_a_day_is_documented() -> None:
    """With what it needs, and whether it has a comparable twin."""
    twins = {gauge for measure in MEASURES for gauge in measure.twins}
    expected = {
        gauge: (
            "yes" if gauge in twins else "no",
            ", ".join(" or ".join(map("`{}`".format, each)) for each in of.needs),
        )
        for gauge, of in DECLARED.items()
    }
    assert {gauge: (row[5], row[6]) for gauge, row in documented(DAY).items()} == expected


def test_every_other_metric_is_documented() -> None:
    """Those that no measure declares, and those of the exporter itself."""
    names = {*own.HELP, *own.RELOAD}
    assert set(documented(WHOLE)) == {name for name in names if not name.startswith(own.OWN)}
    assert set(documented(SELF)) == {name for name in names if name.startswith(own.OWN)}


def test_every_metric_of_the_process_is_documented() -> None:
    """What the library that serves them calls them."""
    code = "from exporter.gauges.exposition import Process; print(Process().render().decode())"
    text = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(documented("The process")) == set(re.findall(r"^(process_\w+) ", text, re.MULTILINE))


def test_the_labels_of_the_metrics_are_documented(labels: Mapping[str, set[str]]) -> None:
    """For each gauge that the demo has; `dataset` and, of a day, `lag` are said once for all."""
    always = {DAY: {"dataset", "lag"}, WHOLE: {"dataset"}, SELF: {"dataset"}}
    tables = {name: (row, always[heading]) for heading in always for name, row in documented(heading).items()}
    said = {
        name: {*words(row[3]), *(common if "without `dataset`" not in row[1] else ())}
        for name, (row, common) in tables.items()
        if name in labels
    }
    assert len(said) > 50
    assert said == {name: labels[name] for name in said}


KEYS: list[tuple[str, type[BaseModel], dict[str, Any]]] = [
    ("Keys of the file", Config, {"datasets": {"x": {"files": "x"}}}),
    ("Keys of links", Links, {}),
    ("Keys of resources", Resources, {}),
    ("Keys of a data set", Dataset, {"files": "x"}),
    ("Keys of engine", Spark, {"spark": "sc://x"}),
    ("Keys of known_days", KnownDays, {"dates": "2026-11-27", "reason": "x"}),
    ("Keys of columns", Columns, {}),
    ("Keys of revenue", Amount, {"column": "x"}),
    ("Keys of watched_fields", WatchedField, {"path": "x"}),
    ("Keys of limits", Limits, {}),
]


@pytest.mark.parametrize(("heading", "model", "required"), KEYS, ids=[each[0] for each in KEYS])
def test_every_key_is_documented(heading: str, model: type[BaseModel], required: dict[str, Any]) -> None:
    """With the default that it has."""
    table = documented(heading)
    assert set(table) == set(model.model_fields)
    default = model.model_validate(required)
    for key, row in table.items():
        said = row[-2]
        if said in ("required", "none", "see below", "see example.yml"):
            expected = key in required if said == "required" else said != "none" or not getattr(default, key)
            assert expected, f"{key}: {said}"
        elif words(said)[0] != str(getattr(default, key)):
            written = model.model_validate({**required, key: yaml.safe_load(words(said)[0])})
            assert getattr(written, key) == getattr(default, key), key


def test_the_checks_of_known_days_are_documented() -> None:
    """Those that are meant if none is named, and all that can be named."""
    text = section(EXPORTER, "Keys of known_days")
    implied = text[text.index("Without `checks`") :].split(".\n", 1)[0]
    named = [re.findall(r"\b[A-Z][a-z]+[A-Z]\w+", each) for each in (implied, text)]
    assert named == [list(DRIFTS), list(KNOWABLE)]
    assert f"at most {LONGEST} days" in text


def test_every_key_of_the_web_configuration_is_documented() -> None:
    """The file in the example, and the table below it."""
    keys = {words(row[0])[0]: row[2] for row in rows(EXPORTER, "TLS and passwords")}
    assert set(keys) == set(TlsServer.model_fields)
    defaults = {key: field.default for key, field in TlsServer.model_fields.items() if field.default}
    assert {key: words(said)[0] for key, said in keys.items() if words(said)} == {
        key: default for key, default in defaults.items() if isinstance(default, str)
    }


def test_the_tables_that_a_measure_reads_are_documented() -> None:
    """Each column that is named exists, in SQL of the engine or as a canonical column."""
    folder = ROOT / "exporter" / "engine"
    sql = "\n".join(path.read_text("utf-8") for pattern in ("*.sql", "*.py") for path in folder.rglob(pattern))
    tables = {words(row[0])[0]: words(row[2]) for row in rows(EXPORTER, "Writing a measure")}
    assert len(tables) == 11
    known = {*re.findall(r"\w+", sql), *Columns.model_fields}
    assert {column for columns in tables.values() for column in columns} <= known
    assert set(tables) <= known


def test_the_section_of_a_measure_says_what_it_can_declare() -> None:
    """The comments that the parser knows."""
    text = section(EXPORTER, "Writing a measure")
    for comment in ("-- needs:", "-- by: day", "-- clickstream_"):
        assert comment in text
    assert str(declared.MAX_LABEL_VALUES) in text
    assert f"{24 * declared.MAX_LABEL_VALUES:,}" in text
