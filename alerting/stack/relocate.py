"""Runs Debian's Alertmanager from any folder where its package was unpacked.

Debian's build reads its default template from a fixed folder, which exists only where the package is installed. An
unpacked package has that folder beside the program.
"""

from __future__ import annotations

from pathlib import Path

INSTALLED = Path("/usr/share/prometheus/alertmanager")
_RELATIVE = b"./" * 11 + b"alertmanager"
"""A path of the same length, relative to the working directory."""


def runnable(program: Path, folder: Path) -> tuple[Path, Path]:
    """The program to start, and its working directory.

    A program that was only unpacked is replaced by a copy in `folder` that finds its template.
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
