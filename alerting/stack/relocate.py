"""Runs Debian's Alertmanager from wherever its package was unpacked.

Debian's build reads its default template from a fixed folder, which is there only when the package is
installed. One that is merely unpacked, without root, has that folder beside it.
"""

from __future__ import annotations

from pathlib import Path

INSTALLED = Path("/usr/share/prometheus/alertmanager")
_RELATIVE = b"./" * 11 + b"alertmanager"
"""A path of the same length that is found below the working directory."""


def runnable(program: Path, folder: Path) -> tuple[Path, Path]:
    """The program to start and the working directory to start it in.

    `program` itself, unless it was only unpacked: then a copy of it in `folder` that finds its template.
    """
    share = program.resolve().parents[1] / "share" / "prometheus"
    template = Path("alertmanager") / "default.tmpl"
    if (INSTALLED / template.name).exists() or not (share / template).exists():
        return program, folder
    content = program.read_bytes()
    copy = folder / "alertmanager-program"
    copy.write_bytes(content.replace(str(INSTALLED).encode(), _RELATIVE))
    copy.chmod(0o755)
    return copy, share
