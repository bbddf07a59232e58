"""Flags of the exporter that users of Prometheus' own exporters expect: addresses, paths, logs, sockets, a schema."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest
import yaml

from exporter import cli
from tests.support.processes import PROGRAM, Exporter, configure, running, wait_for, write

EXAMPLE = Path(__file__).parents[2] / "exporter" / "example.yml"
LOGFMT = re.compile(r'time=(\S+) level=(DEBUG|INFO|WARN|ERROR) source=(\w+\.py:\d+) msg=("(?:[^"\\]|\\.)*"|[^\s"=]+)')


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_p6_several_addresses(tmp_path: Path) -> None:
    """--web.listen-address may be repeated: each of the addresses is served, and logged."""
    write(tmp_path)
    other = free_port()
    with running(tmp_path, options=[f"--web.listen-address=127.0.0.2:{other}"]) as exporter:
        first = exporter.ask("/-/healthy")
        exporter.asked, exporter.port = "127.0.0.2", other
        assert (first, exporter.ask("/-/healthy")) == ((200, "alive\n"), (200, "alive\n"))


def test_p6_an_address_that_is_taken(tmp_path: Path) -> None:
    """Of several addresses, the one that is not available is named, and the exporter ends with 1."""
    write(tmp_path)
    with running(tmp_path) as exporter:
        taken = f"127.0.0.1:{exporter.port}"
        command = [
            *exporter.command[:2],
            f"--web.listen-address=127.0.0.1:{free_port()}",
            f"--web.listen-address={taken}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        f"clickstream-exporter: {taken}: Address already in use",
    )


def test_s3_telemetry_path(tmp_path: Path) -> None:
    """The metrics are where --web.telemetry-path says, and the page links there."""
    write(tmp_path)
    configure(tmp_path, "web")
    exporter = Exporter(tmp_path, ["--web.telemetry-path=/shop/metrics"])
    try:
        wait_for(lambda: exporter.ask("/shop/metrics")[0] == 200)
        assert exporter.ask("/metrics")[0] == 404
        assert '<a href="/shop/metrics">' in exporter.ask("/")[1]
    finally:
        exporter.process.terminate()
        exporter.process.wait(60)


@pytest.mark.parametrize("path", ["metrics", "/-/ready", "/a b", "/a?b", "/<script>", ""])
def test_s3_invalid_telemetry_path(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that cannot be one, or that is another page, is refused with an example."""
    with pytest.raises(SystemExit, match="64"):
        cli.main(["--config.file=none.yml", f"--web.telemetry-path={path}"])
    assert capsys.readouterr().err.endswith(
        f"invalid path {path!r}: expected one such as /metrics, and not below /-/\n"
    )


def log_of(folder: Path, *options: str) -> list[str]:
    """The lines that an exporter logs that is started, reloaded with a mistake, and stopped; its files are none."""
    write(folder)
    with running(folder, options=options) as exporter:
        (folder / "config.yml").write_text("datasets: 'a \"quoted\" word'\n")
        exporter.ask("/-/reload", "POST")
    return (folder / "log").read_text().splitlines()


def test_log_logfmt(tmp_path: Path) -> None:
    """By default, each line has time, level, source and message, whatever the message has; the reader's lines, too."""
    lines = log_of(tmp_path)
    parts = [LOGFMT.fullmatch(line) for line in lines]
    assert all(parts), lines
    found = [part.groups() for part in parts if part]
    assert all(datetime.fromisoformat(time).tzinfo for time, *_ in found)
    assert {level for _, level, *_ in found} == {"INFO", "ERROR"}
    refused = next(json.loads(message) for _, level, _, message in found if level == "ERROR")
    assert refused.startswith("reload refused, the old configuration stays: ")


def test_log_json(tmp_path: Path) -> None:
    """With --log.format=json, each line is an object with the same fields."""
    found = [json.loads(line) for line in log_of(tmp_path, "--log.format=json")]
    assert all(set(line) == {"time", "level", "source", "msg"} for line in found)
    assert any(line["msg"].startswith("serving on http://127.0.0.1:") for line in found)


def test_log_level(tmp_path: Path) -> None:
    """With --log.level=error, only errors are logged."""
    (line,) = log_of(tmp_path, "--log.level=error")
    assert " level=ERROR " in line


def test_log_once_is_for_people(tmp_path: Path) -> None:
    """--once logs plain lines."""
    write(tmp_path)
    configure(tmp_path, "web")
    (tmp_path / "data" / "broken.parquet").write_bytes(b"not Parquet")
    os.utime(tmp_path / "data" / "broken.parquet", (0, 0))
    command = [PROGRAM, "--config.file", tmp_path / "config.yml", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr.startswith("clickstream-exporter: WARNING: web: broken.parquet set aside: ")


def passed(folder: Path, sockets: list[socket.socket]) -> subprocess.Popen[str]:
    """An exporter that is started as systemd does it, with the sockets as file descriptors from 3 on."""
    script = (
        "import os, sys\n"
        f"for at, number in enumerate({[each.fileno() for each in sockets]}):\n    os.dup2(number, 50 + at)\n"
        f"for at in range({len(sockets)}):\n    os.dup2(50 + at, 3 + at, inheritable=True)\n"
        f"os.environ |= {{'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '{len(sockets)}'}}\n"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", script, PROGRAM, "--config.file", folder / "config.yml", "--web.systemd-socket"]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, pass_fds=[each.fileno() for each in sockets])


def test_p6_systemd_sockets(tmp_path: Path) -> None:
    """With --web.systemd-socket, the sockets that systemd opened are served; none is opened."""
    write(tmp_path)
    configure(tmp_path, "web")
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        process = passed(tmp_path, [one, two])
        try:
            for each in (one, two):
                with socket.create_connection(each.getsockname(), timeout=60) as client:
                    client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    assert client.makefile("rb").read().endswith(b"alive\n")
        finally:
            process.terminate()
            _, log = process.communicate(timeout=60)
        served = re.findall(r"serving on http://127\.0\.0\.1:(\d+)", log)
        assert [int(port) for port in served] == [each.getsockname()[1] for each in (one, two)]


def test_p6_no_systemd_sockets(tmp_path: Path) -> None:
    """Without sockets, or with one that is not TCP, the exporter ends with 1 and says what it expected."""
    write(tmp_path)
    configure(tmp_path, "web")
    command = [PROGRAM, "--config.file", tmp_path / "config.yml", "--web.systemd-socket"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "systemd passed no sockets: is there a .socket unit" in done.stderr) == (1, True)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket"))
        unix.listen()
        process = passed(tmp_path, [unix])
        _, log = process.communicate(timeout=60)
    assert (process.returncode, "expected ListenStream=[HOST:]PORT" in log) == (1, True)


def schema(capsys: pytest.CaptureFixture[str]) -> jsonschema.Draft202012Validator:
    """What validates a configuration, by the schema that the exporter prints."""
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--config.schema"])
    found = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


def test_schema_of_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    """The schema accepts the example, and names the key of a mistake in it."""
    validator = schema(capsys)
    example = yaml.safe_load(EXAMPLE.read_text())
    assert list(validator.iter_errors(json.loads(json.dumps(example, default=str)))) == []
    (name,) = example["datasets"]
    mistakes = {"cadence": "weekly", "history_days": 7, "purchased": "x", "columns": {"client": "x"}, "files": 5}
    for key, value in mistakes.items():
        wrong = {"datasets": {name: {"files": "*.parquet", key: value}}}
        errors = list(validator.iter_errors(wrong))
        assert errors, key
        assert list(errors[0].absolute_path)[:2] == ["datasets", name]
