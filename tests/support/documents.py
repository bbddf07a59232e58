"""The pages of the documentation: their sections, tables and links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def page(name: str) -> str:
    """The text of a page, by its path in the repository."""
    return (ROOT / name).read_text("utf-8")


def section(name: str, heading: str) -> str:
    """What stands under a heading, up to the next heading of the same level or above."""
    found = re.search(rf"^(#+) {re.escape(heading)}$", page(name), re.MULTILINE)
    assert found, f"{name} has no heading {heading}"
    rest = page(name)[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", re.sub(r"(?m)^```[\s\S]*?^```$", _blanked, rest), re.MULTILINE)
    return rest[: end.start()] if end else rest


def _blanked(block: re.Match[str]) -> str:
    return "x" * len(block[0])


def rows(name: str, heading: str) -> list[list[str]]:
    """The cells of every table under a heading, without the titles of its columns."""
    lines = section(name, heading).splitlines()
    tables = [line for line in lines if line.startswith("|")]
    rules = [number for number, line in enumerate(tables) if re.fullmatch(r"[|\- ]+", line)]
    found = [line for number, line in enumerate(tables) if number not in rules and number + 1 not in rules]
    assert found, f"{name} has no table under {heading}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def words(text: str) -> list[str]:
    """What is written as code in a text."""
    return re.findall(r"`([^`]+)`", text)


def links(name: str) -> list[str]:
    """The relative links of a page, pictures included."""
    text = re.sub(r"^```.*?^```$", "", page(name), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`\n]*`(?!\])", "", text)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
