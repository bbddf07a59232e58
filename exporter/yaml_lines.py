"""Where the keys of a YAML file stand: for messages that name file, line and key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from exporter.labels import clean

Place = tuple[Hashable, ...]
"""The way to a value: keys and indices."""

Problem = tuple[Place, str]


class YamlError(Exception):
    """A file that is no YAML mapping: `file:line: what`."""


class _Loader(yaml.SafeLoader):
    """Without dates: a text that looks like one is a text."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def parse(path: Path, keys: str, *, secret: bool = False) -> yaml.MappingNode:
    """The mapping in the file, with the lines of its keys. Raises YamlError.

    `keys` says what it must have; of a `secret` file, no message says what stands in it.
    """
    with _told(path, secret=secret):
        document = yaml.compose(path.read_text("utf-8"), Loader=_Loader)
    if not isinstance(document, yaml.MappingNode):
        raise YamlError(f"{path}:1: a mapping with the key {keys} is wanted")
    return document


def values(path: Path, document: yaml.MappingNode, *, secret: bool = False) -> dict[Hashable, Any]:
    """What the mapping says. Raises YamlError."""
    with _told(path, secret=secret):
        loaded: dict[Hashable, Any] = _Loader("").construct_document(document)
    return loaded


@contextmanager
def _told(path: Path, *, secret: bool) -> Iterator[None]:
    """Every way in which a file is no YAML, as a YamlError."""
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
    except OSError as error:
        raise YamlError(f"{path}: {error.strerror}") from None


def duplicates(document: yaml.Node) -> list[Problem]:
    """Keys that stand twice in one mapping, where YAML would let the last one win, and values within themselves."""
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
                yield (*place, key), "stands twice"
    for key, value in pairs:
        yield from _duplicates(value, (*place, key), (*above, node), done)


def render(path: Path, document: yaml.Node, problems: Iterable[Problem]) -> str:
    """The problems in the order of their lines, each as `file:line: key: what`."""
    found = sorted({(_line(document, place), ".".join(map(str, place)), text) for place, text in problems})
    return "\n".join(
        f"{path}:{line}: {f'{clean(key)}: ' if key else ''}{clean(text, 500)}" for line, key, text in found
    )


def _line(node: yaml.Node, place: Place) -> int:
    """The line of the deepest node on the way to `place`, counted from 1."""
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
