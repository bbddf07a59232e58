"""Panels as Grafana's JSON, and their layout on a page of 24 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Panel = dict[str, Any]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24


def target(expr: str, ref: str = "A", *, table: bool = True, legend: str = "", ranged: bool = False) -> Panel:
    """A query: instant, or `ranged` over the dashboard's time range."""
    return {
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": expr,
        "format": "table" if table else "time_series",
        "instant": not ranged,
        "legendFormat": legend,
        "range": ranged,
        "refId": ref,
    }


def targets(*exprs: str) -> list[Panel]:
    """Instant queries as tables, with the refs A, B, C ..."""
    return [target(expr, ref(index)) for index, expr in enumerate(exprs)]


def ref(index: int) -> str:
    """The ref of a query by its index."""
    return chr(ord("A") + index)


def panel(
    kind: str,
    title: str,
    description: str,
    queries: Sequence[Panel],
    *,
    defaults: Panel,
    options: Panel,
    overrides: Iterable[Panel] = (),
    transformations: Sequence[Panel] = (),
    links: Sequence[Panel] = (),
) -> Panel:
    """A panel without a position."""
    made: Panel = {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "targets": list(queries),
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "options": options,
        "transformations": list(transformations),
    }
    return made | ({"links": list(links)} if links else {})


def override(name: str, **properties: Any) -> Panel:
    """Overrides for the field `name`; `custom_x` stands for `custom.x`."""
    listed = [
        {"id": f"custom.{key.removeprefix('custom_')}" if key.startswith("custom_") else key, "value": value}
        for key, value in properties.items()
    ]
    return {"matcher": {"id": "byName", "options": name}, "properties": listed}


def transform(name: str, **options: Any) -> Panel:
    """A transformation."""
    return {"id": name, "options": options}


def renamed(names: dict[str, str], *, drop: Sequence[str] = ()) -> Panel:
    """Rename and order the fields as listed, and drop others by name."""
    order = {name: index for index, name in enumerate(names)}
    excluded = dict.fromkeys(drop, True)
    return transform("organize", renameByName=names, indexByName=order, excludeByName=excluded, includeByName={})


def joined(label: str, names: dict[str, str], *, drop: Sequence[str] = ()) -> list[Panel]:
    """One table of several that share a label. Unlike a merge, it works if one of them is empty."""
    return [
        transform("filterFieldsByName", exclude={"names": ["Time", *drop]}),
        transform("joinByField", byField=label, mode="outer"),
        renamed(names, drop=[] if label in names else [label]),
    ]


def link(title: str, url: str) -> Panel:
    """A link of a field's values."""
    return {"title": title, "url": url, "targetBlank": False}


def row(title: str) -> Panel:
    """A heading over the panels that follow."""
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def placed(*lines: tuple[int, Sequence[tuple[int, Panel]]]) -> list[Panel]:
    """The panels with ids and positions: each line has a height, and panels with their widths."""
    top = 0
    made: list[Panel] = []
    for height, line in lines:
        left = 0
        for width, each in line:
            place = {"x": left, "y": top, "w": width, "h": height}
            made.append({"id": len(made) + 1, "gridPos": place} | each)
            left += width
        assert left <= WIDTH, f"{left} columns"
        top += height
    return made


def heading(title: str) -> tuple[int, list[tuple[int, Panel]]]:
    """A line of its own for a heading."""
    return 1, [(WIDTH, row(title))]
