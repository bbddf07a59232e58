"""`--print-rules` and `--print-dashboards`; what an installed wheel writes is in compose/test_image.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.documents import ROOT


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The exporter with these arguments and no configuration."""
    command = [sys.executable, "-m", "exporter", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)


def test_what_users_edit_is_kept(tmp_path: Path) -> None:
    """The rules are replaced; an edited configuration and files of others stay."""
    rules, edited, other = (tmp_path / name for name in ("rules/clickstream.yml", "alertmanager.yml", "rules/own.yml"))
    rules.parent.mkdir()
    for path in (rules, edited, other):
        path.write_text("# mine\n", "utf-8")
    done = run("--print-rules", tmp_path)
    assert (done.returncode, done.stderr) == (0, f"{edited}: kept, because it is not as shipped\n")
    assert edited.read_text("utf-8") == other.read_text("utf-8") == "# mine\n"
    assert rules.read_bytes() == (ROOT / "alerting/rules/clickstream.yml").read_bytes()
    found = {str(path) for path in tmp_path.rglob("*") if path.is_file()}
    assert set(done.stdout.splitlines()) == found - {str(edited), str(other)}
    assert [path for path in found if "__" in path] == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """It is named, and the exit code is 1; an empty name is an argument that cannot be used."""
    file = tmp_path / "file"
    file.touch()
    done = run("--print-dashboards", file / "below")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"clickstream-exporter: {file / 'below'}: Not a directory\n"
    done = run("--print-dashboards", "")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        64,
        "clickstream-exporter: argument --print-dashboards: expected a folder",
    )


def test_a_full_disk_behind_stdout(tmp_path: Path) -> None:
    """The command fails with one line."""
    command = [sys.executable, "-m", "exporter", "--print-dashboards", str(tmp_path)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (1, "clickstream-exporter: stdout: No space left on device\n")
