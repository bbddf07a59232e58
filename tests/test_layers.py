"""Imports run one way between packages, as the docstrings of `exporter` and `alerting` describe."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import exporter

ROOT = Path(__file__).parents[1]

NAMED = {("exporter.web", "exporter.plan"), ("exporter.web", "exporter.refresh")}
"""Packages that import a module of `exporter` that is above the packages, as its docstring says."""

Graph = Mapping[str, frozenset[str]]
"""What each module, or each package, imports."""


def modules() -> dict[str, Path]:
    """Every module by its name; a package is the module of its name."""
    found = {}
    for path in (path for top in ("exporter", "alerting") for path in (ROOT / top).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, known: Iterable[str]) -> Iterator[str]:
    """The modules that a file imports, at the top or in a function."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: an import relative to the package"
            inside = (f"{node.module}.{each.name}" for each in node.names)
            yield from (each if each in known else node.module for each in inside)


@cache
def by_module() -> Graph:
    """What each of our modules imports, of ours and of others."""
    found = modules()
    return {name: frozenset(imports(path, found)) for name, path in found.items()}


def unit(module: str) -> str:
    """What a module belongs to: a package below `exporter` or `alerting`, or itself where it lies beside them."""
    return ".".join(module.split(".")[:2])


@cache
def by_unit() -> Graph:
    """What each package, and each module beside them, imports of ours."""
    graph = by_module()
    found: dict[str, set[str]] = {unit(module): set() for module in graph}
    for module, imported in graph.items():
        found[unit(module)] |= {unit(each) for each in imported if each in graph} - {unit(module)}
    return {name: frozenset(each) for name, each in found.items()}


def floors() -> list[str]:
    """The packages of `exporter` from the lowest to the highest: its docstring lists them, one column after another."""
    rows = re.findall(r"^ {4}(\w+) +\S.*? {2,}(\w+) +\S|^ {4}(\w+) ", exporter.__doc__ or "", re.MULTILINE)
    columns = [left or alone for left, _, alone in rows], [right for _, right, _ in rows if right]
    return [f"exporter.{name}" for column in columns for name in column]


def cycle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """A circle of the graph, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_the_docstring_lists_every_package() -> None:
    """No package is without a floor."""
    packages = {f"exporter.{path.parent.name}" for path in (ROOT / "exporter").glob("*/__init__.py")}
    assert len(floors()) == len(packages)
    assert set(floors()) == packages


def test_packages_import_from_those_above_them_in_the_list() -> None:
    """And from modules beside them that import no package."""
    graph, listed = by_unit(), floors()
    leaves = {name for name, imported in graph.items() if not set(listed) & imported}
    upwards = {
        (package, imported)
        for place, package in enumerate(listed)
        for imported in graph[package]
        if imported not in listed[:place] and imported not in leaves - set(listed)
    }
    assert upwards == NAMED


def test_no_circle_of_packages() -> None:
    """A package and what it imports can be understood without those that import it."""
    assert cycle(by_unit()) == []


def test_no_circle_of_modules() -> None:
    """Nor do modules of one package import each other in a circle."""
    graph = by_module()
    assert cycle({name: [each for each in imported if each in graph] for name, imported in graph.items()}) == []


def test_alerting_imports_from_exporter_and_not_the_other_way_round() -> None:
    """The exporter runs without it, and the commands run without what writes the rules."""
    crossing = {
        (name, each) for name, got in by_unit().items() for each in got if name.split(".")[0] != each.split(".")[0]
    }
    assert {(name.split(".")[0], each.split(".")[0]) for name, each in crossing} == {("alerting", "exporter")}
    assert [name for name, got in by_unit().items() if "alerting.mixin" in got] == []


@pytest.mark.parametrize(
    ("package", "where"),
    {
        "duckdb": "exporter.engine.",
        "pyspark": "exporter.engine.spark.",
        "sqlglot": "exporter.engine.spark.",
        "grpc": "exporter.engine.spark.",
    }.items(),
)
def test_only_an_engine_imports_a_database(package: str, where: str) -> None:
    """Everything else works with any engine."""
    users = {name for name, imported in by_module().items() if any(each.split(".")[0] == package for each in imported)}
    assert users
    assert {name for name in users if not name.startswith(where)} == set()
