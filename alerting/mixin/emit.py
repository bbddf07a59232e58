"""The YAML of a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alerting.mixin.expressions import Record


def quoted(text: str) -> str:
    """A YAML scalar of one line."""
    return "'" + text.replace("'", "''") + "'"


def block(text: str, indent: str) -> str:
    """A YAML scalar, folded where it has several lines."""
    if "\n" not in text:
        return text if not text.startswith(("'", '"', "{")) else quoted(text)
    return ">-\n" + "\n".join(f"{indent}{line}" for line in text.splitlines())


def _mapping(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"


def record(rule: Record) -> Iterator[str]:
    """The lines of a recording rule."""
    yield f"  - record: {rule.name}"
    if rule.labels:
        yield f"    labels: {_mapping(rule.labels)}"
    yield f"    expr: {block(rule.expr, ' ' * 6)}"


def alert(
    name: str, expr: str, labels: Mapping[str, str], annotations: Mapping[str, str], wait: str = ""
) -> Iterator[str]:
    """The lines of an alert, which fires when its condition has held for `wait`."""
    yield f"  - alert: {name}"
    yield f"    expr: {block(expr, ' ' * 6)}"
    if wait:
        yield f"    for: {wait}"
    yield "    labels:"
    for key, text in labels.items():
        yield f"      {key}: {text if text.isidentifier() else quoted(text)}"
    yield "    annotations:"
    for key, text in annotations.items():
        yield f"      {key}: {quoted(text)}"
