"""Shells complete the arguments of the commands; the extra `completion` brings the library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import ROOT

pytest.importorskip("argcomplete")
BASH = shutil.which("bash")
COMMANDS = {
    "clickstream-exporter": ("exporter.cli", "--config.file"),
    "clickstream-init": ("exporter.init", "--version"),
    "clickstream-report": ("alerting.report", "--prometheus.url"),
    "clickstream-check": ("alerting.check", "--as-of"),
}
ASK = """
eval "$(python -m argcomplete.scripts.register_python_argcomplete "$1")"
COMP_LINE="$1 $2" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9 COMP_WORDS=("$1" "$2") COMP_CWORD=1
"$(complete -p "$1" | sed -E 's/.* -F ([^ ]+) .*/\\1/')" "$1" "$2" "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""Asks bash what it would show after the command and a word, through the function that is registered for it."""


@pytest.mark.skipif(not BASH, reason="bash is not on PATH")
@pytest.mark.parametrize("command", COMMANDS)
def test_bash_completes_the_flags(tmp_path: Path, command: str) -> None:
    """A flag that has begun is completed, and nothing of the command is run."""
    module, flag = COMMANDS[command]
    program = tmp_path / command
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom {module} import main\nsys.exit(main())\n", "utf-8")
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    done = subprocess.run(
        [BASH, "--norc", "-c", ASK, "bash", command, flag[:-2]],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout.strip() == flag
