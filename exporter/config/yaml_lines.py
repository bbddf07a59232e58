"""The lines of a YAML file's keys, for messages that name file, line and key."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from exporter.text import clean

Place = tuple[Hashable, ...]
"""The path to a value: keys and indices."""

Problem = tuple[Place, str]

LARGEST = 2**53
"""The largest integer that is accepted: up to it, a gauge, which is a float, represents every integer exactly."""

_KINDS = {"int": "number", "float": "number", "str": "text"}

SHOWN = 40
"""Characters of a value that a message shows."""


class YamlError(Exception):
    """A file that is not a YAML mapping: `file:line: what`."""


class _Loader(yaml.SafeLoader):
    """Without dates: text that looks like a date stays text."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def parse(path: Path, keys: str, *, secret: bool = False) -> yaml.MappingNode:
    """The mapping in the file, with the lines of its keys. Raises YamlError.

    `keys` names the keys that it must have. If the file is `secret`, no message shows its content.
    """
    with _yaml_errors(path, secret=secret):
        document = yaml.compose(path.read_text("utf-8"), Loader=_Loader)
    if not isinstance(document, yaml.MappingNode):
        raise YamlError(f"{path}:1: expected a mapping with the key {keys}")
    return document


def values(path: Path, document: yaml.MappingNode, *, secret: bool = False) -> dict[Hashable, Any]:
    """The mapping as Python values. Raises YamlError."""
    with _yaml_errors(path, secret=secret):
        loaded: dict[Hashable, Any] = _Loader("").construct_document(document)
    return loaded


@contextmanager
def _yaml_errors(path: Path, *, secret: bool) -> Iterator[None]:
    """Raise YamlError for every way in which a file is not valid YAML."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(f"{path}:{line}: not valid YAML{'' if secret else f': {error.problem}'}") from None
    except yaml.YAMLError as error:
        what = "" if secret else f": {str(error).splitlines()[0]}"
        raise YamlError(f"{path}:1: not valid YAML{what}") from None
    except RecursionError:
        raise YamlError(f"{path}:1: nested too deeply") from None
    except UnicodeDecodeError:
        raise YamlError(f"{path}:1: not UTF-8 text") from None
    except (ValueError, OverflowError):  # such as an escape for a character that does not exist
        raise YamlError(f"{path}:1: not valid YAML") from None
    except OSError as error:
        raise YamlError(f"{path}: {error.strerror}") from None


def duplicates(document: yaml.Node) -> list[Problem]:
    """Duplicate keys of a mapping, of which YAML would keep the last, and values that contain themselves."""
    return list(_duplicates(document, (), (), set()))


def _duplicates(node: yaml.Node, place: Place, above: tuple[yaml.Node, ...], done: set[int]) -> Iterator[Problem]:
    if node in above:
        yield place, "contains itself"
    if id(node) in done:
        return
    done.add(id(node))
    pairs = list(enumerate(node.value)) if isinstance(node, yaml.SequenceNode) else []
    if isinstance(node, yaml.MappingNode):
        pairs = [(key.value, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                yield (*place, key), "duplicate key"
    for key, value in pairs:
        yield from _duplicates(value, (*place, key), (*above, node), done)


def unusable(document: yaml.Node, *, secret: bool) -> list[Problem]:
    """Scalars that do not match their type, such as `0b_` or `!!float x`, and numbers that a gauge cannot represent."""
    loader = _Loader("")
    depth = 1 if secret else None  # a deeper key may be a secret in the wrong place
    return [
        (place[:depth], why)
        for place, node in _scalars(document, (), set())
        if (why := _why(loader, node, secret=secret))
    ]


def _scalars(node: yaml.Node, place: Place, done: set[int]) -> Iterator[tuple[Place, yaml.ScalarNode]]:
    if isinstance(node, yaml.ScalarNode):
        yield place, node
    if id(node) in done:
        return
    done.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            of_key = (*place, str(key.value))
            yield from _scalars(key, of_key, done)
            yield from _scalars(value, of_key, done)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _scalars(value, (*place, number), done)


def _why(loader: _Loader, node: yaml.ScalarNode, *, secret: bool) -> str | None:
    """What is wrong with a scalar, or None; unknown tags are reported elsewhere."""
    text = "" if secret else f" {clean(node.value, SHOWN)!r}"
    try:
        value = loader.construct_object(node)
        str(value).encode()
    except yaml.YAMLError:
        return None
    except Exception:  # noqa: BLE001 - the library passes on any error of int, float and dates
        kind = node.tag.rpartition(":")[2]
        return f"invalid {_KINDS.get(kind, kind)}{text}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"invalid number{text}: expected a finite number"
    if isinstance(value, int) and abs(value) > LARGEST:
        return f"invalid number{text}: expected at most {LARGEST}"
    return None


def render(path: Path, document: yaml.Node, problems: Iterable[Problem]) -> str:
    """The problems in the order of their lines, each as `file:line: key: what`."""
    lines = sorted({(_line(document, place), ".".join(map(str, place)), text) for place, text in problems})
    return "\n".join(
        f"{path}:{line}: {f'{clean(key)}: ' if key else ''}{clean(text, 500)}" for line, key, text in lines
    )


def _line(node: yaml.Node, place: Place) -> int:
    """The line of the deepest node on the path to `place`, counted from 1."""
    line = node.start_mark.line
    for part in place:
        step = _step(node, part)
        if step is None:
            break
        line, node = step
    return line + 1


def _step(node: yaml.Node, part: Hashable) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        hits = [(key.start_mark.line, value) for key, value in node.value if key.value == str(part)]
        return hits[-1] if hits else None
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line, node.value[part]
    return None
