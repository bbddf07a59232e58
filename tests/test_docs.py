"""What the documentation says is what the program does: examples run, and lists are those of the code."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from exporter.demo.write import DAYS, write_demo
from exporter.propose.exports import EXPORTS
from tests.support.documents import ROOT, links, page, section, slug

DAY = "2025-03-09"
PAGES = ["README.md", "CHANGELOG.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md"]
PAGES += [f"{folder}/README.md" for folder in ("exporter", "alerting", "grafana", "tests")]
PAGES += ["exporter/spark.md", "exporter/stores.md"]
PAGES += [f"exporter/exports/{each.page}.md" for each in EXPORTS]


def demo(folder: Path, measure: str | None = None, days: int = DAYS) -> str:
    """What the exporter prints of the demo's last day, with a measure of its own."""
    config = write_demo(folder, date.fromisoformat(DAY), days)
    if measure:
        (folder / "own.sql").write_text(measure, "utf-8")
        config.write_text(config.read_text("utf-8") + "    measures: [own.sql]\n", "utf-8")
    command = [sys.executable, "-m", "exporter", "--config.file", str(config), "--as-of", DAY, "--once"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_readme_shows_what_the_exporter_prints(tmp_path: Path) -> None:
    """The lines of /metrics on the first screen are those of the demo."""
    printed = demo(tmp_path).splitlines()
    shown = [line for line in page("README.md").splitlines() if line.startswith("clickstream_")]
    assert len(shown) == 5
    assert set(shown) <= set(printed)


@pytest.mark.parametrize(
    ("name", "gauge", "twin"),
    [("README.md", "search_events", True), ("exporter/README.md", "longest_session_minutes", False)],
)
def test_the_measures_that_are_shown_work(tmp_path: Path, name: str, gauge: str, twin: bool) -> None:
    """What the pages show of a measure can be pasted."""
    (sql,) = re.findall(r"```sql\n(.*?)```", page(name), re.DOTALL)
    printed = demo(tmp_path, sql, 9)
    assert f'clickstream_{gauge}{{dataset="shop",lag="8"}}' in printed
    assert (f'clickstream_comparable_{gauge}{{dataset="shop",lag="7"}}' in printed) == twin
    assert 'clickstream_exporter_query_success{dataset="shop",query="own"} 1.0' in printed


def test_the_readme_is_short() -> None:
    """The first screen sells, and the rest is where it belongs."""
    assert len(page("README.md").splitlines()) <= 130


def test_the_glossary_is_short() -> None:
    """One word, one meaning, and no more words than one reads."""
    lines = [line for line in section("alerting/README.md", "Glossary").splitlines() if line.strip()]
    words = [line.split("|")[1].strip() for line in lines[2:]]
    assert len(words) >= 15
    assert len(lines) <= 25
    assert len(words) == len(set(words))


def test_every_page_is_checked() -> None:
    """A page that nobody lists here would not be held to anything."""
    found = {
        path.relative_to(ROOT).as_posix()
        for pattern in (
            "*.md",
            ".github/*.md",
            "exporter/*.md",
            "alerting/*.md",
            "grafana/*.md",
            "tests/*.md",
            "exporter/exports/*.md",
        )
        for path in ROOT.glob(pattern)
    }
    assert found == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    """A relative link names a file or folder that exists, and a heading in it."""
    found = links(name)
    assert found or name == "CHANGELOG.md"
    broken = []
    for link in found:
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        inside = target.resolve().is_relative_to(ROOT)
        if not inside or not target.exists() or (anchor and anchor not in map(slug, headings(target))):
            broken.append(link)
    assert broken == []


def headings(path: Path) -> list[str]:
    """The headings of a page."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#+ (.+)$", text, re.MULTILINE)


def test_the_changelog_has_the_version() -> None:
    """What is released has a date, and what is not stands above it."""
    version = re.findall(r'^version = "(.+)"$', page("pyproject.toml"), re.MULTILINE)
    titles = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", page("CHANGELOG.md"), re.MULTILINE)
    assert titles[0] == ("Unreleased", "")
    assert titles[1][0] in version
    assert all(day for _, day in titles[1:])
