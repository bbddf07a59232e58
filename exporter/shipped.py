"""`--print-rules` and `--print-dashboards`: write what is shipped for other servers into a folder."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

RULES = (
    "alertmanager.yml",
    "alertmanager.fragment.yml",
    "prometheus.yml",
    "rules",
    "templates",
    "integrations",
    "runbooks",
)
"""What Prometheus, Alertmanager and the people on call need, below `alerting`."""

EDITED = ("alertmanager.yml", "prometheus.yml")
"""What users change: an own version in the folder is kept."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Let a command write the shipped files, without any other argument."""
    for flag, shipped, what in (
        ("--print-rules", rules, "the rules, the runbooks, and configuration for Prometheus and Alertmanager"),
        ("--print-dashboards", dashboards, "the dashboards for Grafana"),
    ):
        text = f"write {what} into DIR and exit"
        parser.add_argument(flag, metavar="DIR", type=_folder, action=_Write, const=shipped, help=text)


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("expected a folder")
    return Path(text)


def rules() -> Iterator[tuple[str, Traversable]]:
    """What Prometheus and Alertmanager load, and the runbooks, by their paths below the folder."""
    for name in RULES:
        yield from _below(files("alerting") / name, name)


def dashboards() -> Iterator[tuple[str, Traversable]]:
    """The dashboards, by their names."""
    package = files("alerting")
    installed = package / "dashboards"
    folder = installed if installed.is_dir() else Path(str(package)).parent / "grafana" / "dashboards"  # a clone
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        yield each.name, each


def _below(path: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    """The files of a folder, or the file itself, by their paths."""
    if path.is_file():
        yield name, path
        return
    for each in sorted(path.iterdir(), key=lambda each: each.name):
        if not each.name.startswith("__"):  # what only Python needs
            yield from _below(each, f"{name}/{each.name}")


class _Write(argparse.Action):
    """Writes the files that `const` lists into a folder, prints their paths, and exits as `--version` does."""

    def __call__(self, parser: argparse.ArgumentParser, _namespace: object, folder: Any, _flag: object = None) -> None:
        try:
            for name, source in self.const():
                _write(folder / name, source.read_bytes(), keep=name in EDITED)
            sys.stdout.flush()
        except OSError as error:
            if error.filename is None:  # nothing more can be printed at exit, either
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            parser.exit(1, f"{parser.prog}: {error.filename or 'stdout'}: {error.strerror}\n")
        parser.exit()


def _write(path: Path, content: bytes, keep: bool) -> None:
    """Write a file and print its path, or say that another version of it is kept."""
    if keep and path.exists() and path.read_bytes() != content:
        print(f"{path}: kept, because it is not as shipped", file=sys.stderr)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    print(path)
