"""`clickstream-init` proposes a configuration that works without an edit, for the exports of known trackers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from exporter import cli
from exporter.demo.write import write_demo
from exporter.propose.proposal import propose
from exporter.propose.written import written
from tests.support import documents
from tests.support.exports import proposed, shop, writers
from tests.support.exports.trackers import TRACKERS
from tests.support.exposition import once

pytestmark = pytest.mark.xdist_group("test_init")  # the files of the exports are written once

HITS = shop.hits()
TRUTH = shop.truth(HITS)
USED = dict(zip(TRACKERS, [*writers.WRITERS] * len(TRACKERS), strict=False))
"""The writer of each export's files."""


@pytest.fixture(scope="module", params=TRACKERS)
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The name of an export, and what is proposed for its files."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    writers.write(folder / "events", TRACKERS[name], HITS, writers.WRITERS[USED[name]])
    return name, proposed.propose(folder, "events")


def test_the_export_is_recognised(export: tuple[str, Path]) -> None:
    """The head names it, and its page."""
    name, config = export
    assert f"see exporter/exports/{name}.md." in config.read_text("utf-8").splitlines()[1]


def test_the_configuration_fits_the_data(export: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The exporter has nothing to say against it."""
    assert cli.main(["--config.file", str(export[1]), "--check-config"]) == 0
    out, err = capsys.readouterr()
    assert ("matches nothing" in out, "no event" in out, err) == (False, False, "")


def test_the_numbers_are_those_of_the_shop(export: tuple[str, Path]) -> None:
    """Events, purchases, revenue and sessions of the newest day, as the writer of the files knows them."""
    out = once(export[1])
    names = ("events", "purchases", "revenue", "sessions", "converting_sessions")
    found = [out.value(f"clickstream_{name}", lag=0) for name in names]
    assert found == [TRUTH.events, TRUTH.purchases, TRUTH.revenue, TRUTH.sessions, TRUTH.purchases]
    for name in ("invalid_events", "duplicate_events", "null_client_events", "purchases_without_revenue"):
        assert out.value(f"clickstream_{name}", lag=0) == 0, name
    assert out.value("clickstream_missing_utm_events", lag=0) < TRUTH.events
    assert out.value("clickstream_device_revenue", lag=0, device="desktop") > 0


def test_the_page_has_what_is_proposed(export: tuple[str, Path]) -> None:
    """Its block is the proposal without comments, and it names each check that is off."""
    name, config = export
    page = f"exporter/exports/{name}.md"
    (block,) = re.findall(r"```yaml\n(.*?)```", documents.page(page), re.DOTALL)
    assert yaml.safe_load(block) == yaml.safe_load(config.read_text("utf-8"))
    off = {check for line in _off(config) for check in line.rpartition(": ")[2].split(", ")}
    assert set(re.findall(r"\*\*(\w+) is off", documents.section(page, "What it cannot tell"))) == off


@pytest.mark.parametrize("name", TRACKERS)
def test_any_writer_will_do(name: str, tmp_path: Path) -> None:
    """The proposal does not depend on the program that wrote the files."""
    texts = set()
    for writer, write in writers.WRITERS.items():
        folder = writers.write(tmp_path / writer / "events", TRACKERS[name], HITS[:600], write)
        text = written(propose([str(folder)]), [str(folder)])
        texts.add(text.replace(str(folder), ""))
    assert len(texts) == 1


DAY = "2025-03-09"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the demo data."""
    return write_demo(tmp_path_factory.mktemp("demo"), date.fromisoformat(DAY))


def test_the_demo_has_the_numbers_of_its_own_configuration(tmp_path: Path) -> None:
    """Each sample of a day."""
    demo = write_demo(tmp_path, date.fromisoformat(DAY), days=9)
    found = proposed.propose(tmp_path, "events", name="proposed.yml")
    own, out = once(demo, "--as-of", DAY), once(found, "--as-of", DAY)
    days = out.days("web")
    assert len(days) > 500
    assert {sample: own.days("shop").get(sample) for sample in days} == days


def check(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The ended `clickstream-check`."""
    command = [sys.executable, "-m", "alerting.check", str(config), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_verdict_about_the_demo(demo: Path) -> None:
    """The broken day fails with the alerts of its own configuration, and an info about a limit that only that sets."""
    config = proposed.propose(demo.parent, "events", name="checked.yml")
    done = check(config, "--as-of", DAY)
    assert done.returncode == 1, done.stderr
    assert [each["message"].split(":")[0] for each in json.loads(done.stdout)["alerts"]] == [
        "Revenue drop detected",
        "Conversion rate drop detected",
        "High null client_id rate",
        "JSON parse error rate high",
        "Limit out of reach",
    ]


def test_what_is_said_to_be_off_is_off(demo: Path, tmp_path: Path) -> None:
    """The rules report the same checks as not measured that the comment names, of data with a time and a name alone."""
    (tmp_path / "events").mkdir()
    for path in (demo.parent / "events").iterdir():
        table = pq.read_table(path, columns=["timestamp", "event_name"])
        renamed = ["page" if name == "checkout_completed" else name for name in table["event_name"].to_pylist()]
        pq.write_table(table.set_column(1, "event_name", [renamed]), tmp_path / "events" / path.name)
    config = proposed.propose(tmp_path, "events")
    said = {check for line in _off(config) for check in line.rpartition(": ")[2].split(", ")}
    done = check(config, "--as-of", "2025-03-08", "--details")
    (off,) = [each for each in json.loads(done.stdout)["details"]["reasons"] if each.startswith("Not measured: ")]
    assert len(said) > 10
    assert set(re.findall(r"\w+", off.rpartition("switched off: ")[2])) == said


def _off(config: Path) -> list[str]:
    """The lines of the comment about checks that are off."""
    text = re.sub(r"\n +# +", " ", config.read_text("utf-8").partition("these checks are off:")[2])
    return re.findall(r"no [a-z_ ]+: [A-Za-z]+(?:, [A-Za-z]+)*", text)
