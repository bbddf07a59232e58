"""The generations of Prometheus and Alertmanager that the tests run on: the one at hand, and the newest."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
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


SKIP = "CLICKSTREAM_SKIP_NEWEST"
"""The variable that leaves the newest servers out."""

LEFT_OUT = f"left out, because {SKIP} is set"


class SkippedError(Exception):
    """The newest servers are left out, because `SKIP` is set."""


class UnavailableError(Exception):
    """Why the newest servers cannot be unpacked."""

    def __init__(self, reason: object) -> None:
        super().__init__(f"the newest servers: {reason}\n{SKIP}=1 leaves them out")


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
    """The newest programs that Debian packages, unpacked on first use; raises SkippedError and UnavailableError."""
    if os.environ.get(SKIP):
        raise SkippedError(LEFT_OUT)
    try:
        _unpack()
        return _unpacked()
    except (programs.ServerError, OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(error) from error


def described() -> dict[str, str]:
    """What each generation is, for people; nothing is unpacked for it."""
    return {"found": _said(found), "newest": _said(_unpacked, "not unpacked") if not os.environ.get(SKIP) else LEFT_OUT}


def _said(which: Callable[[], Generation], missing: str = "missing") -> str:
    try:
        return f"Prometheus {which().name}"
    except (programs.ServerError, OSError, subprocess.SubprocessError):
        return missing


def _unpacked() -> Generation:
    folder = FOLDER / "root/usr/bin"
    names = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")
    return Generation(_version(folder / "prometheus"), *(folder / name for name in names))


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
        raise UnavailableError(f"{KEYRING} is missing, this is not Debian")
    lists = chain(SOURCES.glob("sources.list"), sorted(SOURCES.glob("sources.list.d/*")))
    lines = (line for path in lists for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
    mirrors = (re.search(r"https?://\S+/debian/?(?=\s|$)", line) for line in lines)
    mirror = next((match[0] for match in mirrors if match), None)
    if mirror is None:
        raise UnavailableError("no Debian mirror in this machine's apt sources")
    return mirror


def _version(prometheus: Path) -> str:
    """What `prometheus --version` calls itself, like 2.42.0."""
    done = subprocess.run([prometheus, "--version"], check=True, capture_output=True, text=True)
    words = re.search(r"version (\d+\.\d+\.\d+)", done.stdout + done.stderr)
    if words is None:
        raise programs.ServerError(f"{prometheus}: no version in {done.stdout!r}")
    return words[1]


NEWEST_ALONE = pytest.mark.parametrize("generation", [pytest.param(newest, id="newest")], indirect=True)
"""What the older generation need not show, too, because it takes long."""
