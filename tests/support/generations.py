"""The generations of Prometheus and Alertmanager that the tests run on: the one at hand, and the newest."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from alerting.stack import programs

FOLDER = programs.FOLDER / "next"
"""Where the newest servers are unpacked."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SOURCES = Path("/etc/apt")
SUITE = "sid"

APT = """\
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State "{folder}/apt";
Dir::Cache "{folder}/apt";
Acquire::Retries "1";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""


class UnavailableError(Exception):
    """Why there is no second generation."""


@dataclass(frozen=True)
class Generation:
    """The four programs of one generation; `name` is the version of Prometheus."""

    name: str
    prometheus: Path
    promtool: Path
    alertmanager: Path
    amtool: Path

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """Let `alerting.stack.programs` find these programs."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PROMETHEUS", str(self.prometheus))
            patch.setenv("ALERTMANAGER", str(self.alertmanager))
            yield


@cache
def found() -> Generation:
    """The programs that the variables, PATH or `make servers` give; raises ServerError."""
    prometheus = programs.find("prometheus")
    others = (programs.find(program) for program in ("promtool", "alertmanager", "amtool"))
    return Generation(_version(prometheus), prometheus, *others)


@cache
def newest() -> Generation:
    """The newest programs that Debian packages, unpacked on first use; raises UnavailableError."""
    if int(found().name.split(".")[0]) >= 3:
        raise UnavailableError(f"the servers at hand are of generation 3 already: {found().name}")
    try:
        _unpack()
        folder = FOLDER / "root/usr/bin"
        names = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
        return Generation(_version(folder / "prometheus"), *(folder / name for name in names))
    except (programs.ServerError, OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"the newest servers: {error}") from error


def _unpack() -> None:
    """Let apt see the newest suite and nothing of the machine's own state; needs no root."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / "root").exists():
        (FOLDER / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
        (FOLDER / "apt.conf").write_text(APT.format(folder=FOLDER))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APT_CONFIG", str(FOLDER / "apt.conf"))
        programs.unpack(FOLDER)


def _mirror() -> str:
    """The Debian mirror that the machine's own sources name."""
    if not KEYRING.exists():
        raise UnavailableError(f"no second generation: {KEYRING} is missing, this is no Debian")
    lists = chain(SOURCES.glob("sources.list"), sorted(SOURCES.glob("sources.list.d/*")))
    lines = (line for path in lists for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
    mirrors = (re.search(r"https?://\S+/debian/?(?=\s|$)", line) for line in lines)
    mirror = next((match[0] for match in mirrors if match), None)
    if mirror is None:
        raise UnavailableError("no second generation: no Debian mirror in this machine's apt sources")
    return mirror


def _version(prometheus: Path) -> str:
    """What `prometheus --version` calls itself, like 2.42.0."""
    done = subprocess.run([prometheus, "--version"], check=True, capture_output=True, text=True)
    words = re.search(r"version (\d+\.\d+\.\d+)", done.stdout + done.stderr)
    if words is None:
        raise programs.ServerError(f"{prometheus}: no version in {done.stdout!r}")
    return words[1]
