"""Finds the programs of Prometheus and Alertmanager, or unpacks the distribution's packages."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".servers"
"""Where `make servers` unpacks them, in the root of the clone."""

PACKAGES = ("prometheus", "prometheus-alertmanager")
"""Debian's packages, with all four programs up to Prometheus 2; from 3 on, promtool has a package of its own."""

_NAMES = {
    "prometheus": ("prometheus",),
    "promtool": ("promtool",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "amtool": ("amtool",),
}
_BESIDE = {"promtool": "prometheus", "amtool": "alertmanager"}
_BY_HAND = (
    "install Prometheus (with promtool) and Alertmanager (with amtool) on PATH, "
    "or set the variables PROMETHEUS and ALERTMANAGER to their programs"
)


class ServerError(Exception):
    """A program that is missing or could not be unpacked: `where: what`, and what to install."""


def find(program: str) -> Path:
    """The absolute path of prometheus, promtool, alertmanager or amtool. Raises ServerError."""
    found = _locate(program)
    if found is None:
        raise ServerError(
            f"{program}: not found on PATH or in the variable {program.upper()}; install Debian's packages "
            f"{' and '.join(PACKAGES)} (apt-get install {' '.join(PACKAGES)}), "
            "or run `make servers` in a clone"
        )
    return found


def unpack(folder: Path) -> None:
    """Unpack the packages into `folder`/root unless they are there; needs no root, and installs and starts nothing."""
    if _is_complete(folder):
        return
    _require_apt()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_complete(folder):
            _unpack(folder)


def _locate(program: str) -> Path | None:
    if configured := _configured(program):
        return configured
    server = _configured(_BESIDE[program]) if program in _BESIDE else None
    places = (os.environ.get("PATH", os.defpath), server and server.parent, _programs(FOLDER))
    found = (_within(place, program) for place in places if place)
    return next((path for path in found if path), None)


def _configured(program: str) -> Path | None:
    variable = program.upper()
    value = os.environ.get(variable)
    if not value:
        return None
    if not (os.path.isfile(value) and os.access(value, os.X_OK)):
        raise ServerError(f"{variable}: {value} is not an executable file")
    return Path(value).absolute()


def _within(path: str | Path, program: str) -> Path | None:
    found = (shutil.which(name, path=path) for name in _NAMES[program])
    return next((Path(name).absolute() for name in found if name), None)


def _programs(folder: Path) -> Path:
    return folder / "root" / "usr" / "bin"


def _is_complete(folder: Path) -> bool:
    return all(_within(_programs(folder), program) for program in _NAMES)


def _require_apt() -> None:
    missing = [tool for tool in ("apt-get", "dpkg") if not shutil.which(tool)]
    if missing:
        raise ServerError(f"{' and '.join(missing)}: not found on PATH to unpack the servers; {_BY_HAND}")


def _unpack(folder: Path) -> None:
    scratch, root = folder / "partial", folder / "root"
    for leftover in (scratch, root):
        shutil.rmtree(leftover, ignore_errors=True)
    _fetch(PACKAGES, scratch)
    if not (scratch / "root/usr/bin/promtool").exists():
        _fetch(("promtool",), scratch)
    os.replace(scratch / "root", root)
    shutil.rmtree(scratch)


def _fetch(packages: tuple[str, ...], scratch: Path) -> None:
    debs = scratch / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    # As root, apt warns that its sandbox user cannot write here.
    apt = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
    download = ["download", *packages]
    try:
        _run([*apt, *download], cwd=debs)
    except ServerError:  # The package lists are missing or outdated: fetch separate ones, without root.
        own = [*apt, *_own_state(scratch / "apt")]
        _run([*own, "update"], [*own, *download], cwd=debs)
    for deb in debs.glob("*.deb"):
        _run(["dpkg", "-x", str(deb), str(scratch / "root")], cwd=scratch)


def _own_state(apt: Path) -> list[str]:
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    options = {
        "Dir::State": apt,
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt,
        "Dir::Cache::archives": apt / "archives",
    }
    return [word for key, path in options.items() for word in ("-o", f"{key}={path}")]


def _run(*commands: list[str], cwd: Path) -> None:
    # Only the last one must succeed: `apt-get update` also fails for sources we do not need.
    output = ""
    for command in commands:
        done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
        output += done.stdout + done.stderr
    if done.returncode:
        failed = f"{command[0]}: exit code {done.returncode}"
        raise ServerError(f"{failed}\n{output.strip()}\nIf that cannot be fixed, {_BY_HAND}")


def main() -> int:
    """Print the paths of prometheus and alertmanager; unpack the packages first if a program is missing."""
    try:
        missing = [program for program in _NAMES if not _locate(program)]
        if missing:
            print(f"{', '.join(missing)}: not found on PATH, unpacking packages into {FOLDER}", file=sys.stderr)
            unpack(FOLDER)
        paths = {program: find(program) for program in _NAMES}
    except (ServerError, OSError) as error:
        print(f"servers: {error}", file=sys.stderr)
        return 1
    print(paths["prometheus"], paths["alertmanager"], sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
