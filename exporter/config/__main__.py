"""Writes the limits into the example and the README: `python -m exporter.config`, in a clone."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from pydantic.fields import FieldInfo

from exporter.config.checks import Limits

FOLDER = Path(__file__).parents[1]
WIDTH = 120
INDENT = " " * 6
GUARDS = "# Guards: with less data than this, a check is off, and an info alert says so."


def example(text: str) -> str:
    """The example with the limits as they are declared: the last keys of its data set."""
    head, _, _ = text.partition("    limits:\n")
    return f"{head}    limits:\n" + "".join(f"{INDENT}{line}\n" for line in _example_lines())


def readme(text: str) -> str:
    """The README with the table of limits as they are declared."""
    table = "".join(f"| `{key}` | `{field.default}` | {_meaning(key, field)} |\n" for key, field in _fields())
    return re.sub(r"(### Keys of limits\n.*?\|---\|---\|---\|\n).*?(?=\n#)", rf"\g<1>{table}", text, flags=re.DOTALL)


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    return iter(Limits.model_fields.items())


def _meaning(key: str, field: FieldInfo) -> str:
    return f"guard: {field.description}" if key.startswith(("min_baseline", "min_day")) else str(field.description)


def _example_lines() -> Iterator[str]:
    for key, field in _fields():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        if key == "min_baseline_days":
            yield GUARDS
        reason = extra["because"] or field.description
        comment = f"# {field.title}: {reason}" if field.title else f"# {field.description}: {reason}"
        if len(INDENT) + len(key) + len(str(field.default)) + len(comment) + 3 <= WIDTH:
            yield f"{key}: {field.default} {comment}"
        else:
            yield from textwrap.wrap(comment, WIDTH - len(INDENT), subsequent_indent="# ")
            yield f"{key}: {field.default}"


def main() -> None:
    """Write both files."""
    for name, written in (("example.yml", example), ("README.md", readme)):
        path = FOLDER / name
        path.write_text(written(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
