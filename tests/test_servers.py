"""The server programs are found where people put them, and unpacked where they are not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from alerting.stack import programs


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program on PATH, in a variable or unpacked."""
    for variable in ("PROMETHEUS", "PROMTOOL", "ALERTMANAGER", "AMTOOL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(programs, "FOLDER", tmp_path / ".servers")


def executable(path: Path) -> Path:
    """An executable file at the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_variable_wins_over_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names the program, whatever PATH has."""
    executable(tmp_path / "path" / "prometheus")
    mine = executable(tmp_path / "mine" / "prometheus-3")
    monkeypatch.setenv("PROMETHEUS", str(mine))
    assert programs.find("prometheus") == mine


@pytest.mark.parametrize("name", ["alertmanager", "prometheus-alertmanager"])
def test_path_has_upstreams_or_debians_name(tmp_path: Path, name: str) -> None:
    """Alertmanager is found on PATH by its own name and by Debian's."""
    program = executable(tmp_path / "path" / name)
    assert programs.find("alertmanager") == program


def test_tools_are_found_beside_the_server_that_a_variable_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names the servers of a release folder need not name its tools."""
    for server, tool in (("prometheus", "promtool"), ("alertmanager", "amtool")):
        monkeypatch.setenv(server.upper(), str(executable(tmp_path / server / server)))
        beside = executable(tmp_path / server / tool)
        assert programs.find(tool) == beside


def test_unpacked_program_is_the_last_resort(tmp_path: Path) -> None:
    """Without variable and PATH, what `make servers` has unpacked is found."""
    program = executable(tmp_path / ".servers/root/usr/bin/prometheus-alertmanager")
    assert programs.find("alertmanager") == program


@pytest.mark.parametrize("content", [None, "not executable"])
def test_variable_that_names_no_program_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """A wrong variable is named with its value, even where PATH has the program."""
    executable(tmp_path / "path" / "prometheus")
    wrong = tmp_path / "wrong"
    if content:
        wrong.write_text(content)
    monkeypatch.setenv("PROMETHEUS", str(wrong))
    with pytest.raises(programs.ServerError) as error:
        programs.find("prometheus")
    assert str(error.value) == f"PROMETHEUS: {wrong} is not an executable file"


def test_missing_program_says_what_to_install() -> None:
    """Nothing found: the error is the instruction."""
    with pytest.raises(programs.ServerError) as error:
        programs.find("amtool")
    assert str(error.value) == (
        "amtool: not found on PATH or in the variable AMTOOL; install Debian's packages prometheus and "
        "prometheus-alertmanager (apt-get install prometheus prometheus-alertmanager), "
        "or run `make servers` in a clone"
    )


def test_machine_without_apt_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing can be unpacked, the command fails and says what to install or to set."""
    assert programs.main() == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "servers: apt-get and dpkg: not found on PATH to unpack the servers; "
        "install Prometheus (with promtool) and Alertmanager (with amtool) on PATH, "
        "or set the variables PROMETHEUS and ALERTMANAGER to their programs"
    )


def test_command_prints_both_servers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where everything is on PATH, nothing is unpacked and the two paths are the output."""
    path = tmp_path / "path"
    for program in ("prometheus", "promtool", "alertmanager", "amtool"):
        executable(path / program)
    assert programs.main() == 0
    assert capsys.readouterr() == (f"{path}/prometheus\n{path}/alertmanager\n", "")


def test_unpack_repairs_an_interrupted_run_on_a_fresh_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without package lists, and with leftovers of a killed run, all four programs arrive and run."""
    monkeypatch.undo()
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        pytest.skip("apt-get and dpkg are needed to unpack packages")
    (tmp_path / "apt.conf").write_text(f'Dir::State::lists "{tmp_path}/lists";')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    executable(tmp_path / "root/usr/bin/prometheus")
    executable(tmp_path / "partial/root/usr/bin/promtool")
    programs.unpack(tmp_path)
    unpacked = tmp_path / "root/usr/bin"
    for name in ("prometheus", "promtool", "prometheus-alertmanager", "amtool"):
        subprocess.run([unpacked / name, "--version"], check=True, capture_output=True)
    assert not (tmp_path / "partial").exists()
    monkeypatch.setenv("PATH", "")
    programs.unpack(tmp_path)  # Nothing is left to do, so apt-get is not even looked for.
