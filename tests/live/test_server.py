"""The exporter as a process: what it answers, and what it survives."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from exporter import cli
from exporter.arguments import address
from exporter.web import loopback
from tests.support.processes import SNAPSHOT, SUCCESS, Exporter, is_cut, processor_time, running, wait_for, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")

GET = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /-/refresh HTTP/1.1\r\nHost: localhost\r\n"

WIDE = """-- clickstream_wide: So many numbers that they do not fit into a pipe at once.
SELECT hour, part, CAST(part AS DOUBLE) AS clickstream_wide
FROM range(24) hours(hour), range(200) parts(part)"""


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Exporter]:
    """An exporter that has its first snapshot."""
    write(tmp_path)
    with running(tmp_path) as exporter:
        yield exporter


def test_s3_endpoints(exporter: Exporter) -> None:
    """Every request has its status, and an odd one is no error of the exporter."""
    odd = ("/metrics", "GET", "Accept", "application/openmetrics-text; version=abc;q=x")
    origins = (f"http://127.0.0.1:{exporter.port}", "http://evil.example", "http://[evil", "null")
    own, *others = (("/-/refresh", "POST", "Origin", origin) for origin in origins)
    wanted: dict[int, Sequence[tuple[str, ...]]] = {
        200: [("/",), ("/-/healthy",), ("/-/ready",), ("/metrics",), ("/metrics?a=b", "HEAD"), odd, own],
        403: [*others, ("/-/reload", "POST", "Origin", "http://evil.example")],
        404: [("/metrics/",), ("/..%2f..%2fetc/passwd",)],
        405: [("/metrics", "POST"), ("/metrics", "BREW"), ("/-/refresh",), ("/-/refresh", "HEAD"), ("/-/reload",)],
    }
    asked = [(exporter.ask(*request)[0], request) for requests in wanted.values() for request in requests]
    assert asked == [(status, request) for status, requests in wanted.items() for request in requests]


OWN = ("localhost", "LOCALHOST.:1", "shop.localhost:80", "127.0.0.1", "127.9.9.9:9847", "[::1]", "[::1]:9847")
FOREIGN = (
    "evil.example", "evil.example:9847", "localhost.evil.example", "127.0.0.1.evil.example", "evillocalhost", "0.0.0.0",
    "192.168.0.1", "[::]:9847", "[fe80::1]", "localhost@evil.example", "localhost,evil.example", "localhost:x", "", "[",
)  # fmt: skip


def test_s3_dns_rebinding(tmp_path: Path, exporter: Exporter) -> None:
    """On the loopback, nobody is answered who asks for another host, as a page does whose name leads here."""
    snapshot = exporter.sample(SNAPSHOT)
    write(tmp_path, 10)
    pages = [("/metrics", "GET"), ("/", "HEAD"), ("/-/refresh", "POST"), ("/-/reload", "POST"), ("/nothing", "GET")]
    refused = {host: {exporter.ask(*page, "Host", host)[0] for page in pages} for host in FOREIGN}
    assert refused == {host: {403} for host in FOREIGN}
    assert "evil.example:9847" in exporter.ask("/metrics", "GET", "Host", "evil.example:9847")[1]
    assert exporter.sample(SNAPSHOT) == snapshot
    assert {host: exporter.ask("/metrics", "GET", "Host", host)[0] for host in OWN} == dict.fromkeys(OWN, 200)


def test_s3_no_host(exporter: Exporter) -> None:
    """HTTP/1.0 knows requests without a host: they may read."""
    for text, status in ((b"GET /-/healthy HTTP/1.0\r\n\r\n", b"200"), (b"POST /-/refresh HTTP/1.0\r\n\r\n", b"403")):
        with closing(exporter.hold(text)) as connection:
            connection.setblocking(True)
            assert connection.recv(100).split()[1] == status


def test_s3_what_only_this_machine_reaches() -> None:
    """Elsewhere, where others have names of their own for the machine, the host does not matter."""
    addresses = [["127.0.0.1"], ["127.0.0.1", "::1"], ["0.0.0.0"], ["::"], ["127.0.0.1", "192.168.0.1"], ["fe80::1%lo"]]
    assert [loopback.is_loopback(each) for each in addresses] == [True, True, False, False, False, False]


HAS_IPV6 = pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="no IPv6 here")


@pytest.mark.parametrize(
    ("host", "reached", "foreign"),
    [("", ["127.0.0.1", "::1"], 200), ("[::1]", ["::1"], 403), ("0.0.0.0", ["127.0.0.1"], 200)],
    ids=["all", "IPv6 loopback", "IPv4"],
)
@HAS_IPV6
def test_s3_where_to_listen(tmp_path: Path, host: str, reached: list[str], foreign: int) -> None:
    """An address without a host is all interfaces, IPv4 and IPv6; only on the loopback the header Host must name it."""
    write(tmp_path)
    with running(tmp_path, host=host) as exporter:
        found = []
        for exporter.asked in ("127.0.0.1", "::1"):
            with suppress(ConnectionError):
                assert exporter.ask("/-/healthy", "GET", "Host", "evil.example")[0] == foreign
                found.append(exporter.asked)
        assert found == reached
        shown = ["0.0.0.0", "[::]"] if not host else [host]
        log = (tmp_path / "log").read_text()
        assert all(f'msg="serving on http://{each}:{exporter.port}"\n' in log for each in shown)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (":9847", ("", 9847)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:9847", ("::1", 9847)),
        ("[fe80::1%eth0]:65535", ("fe80::1%eth0", 65535)),
    ],
)
def test_s3_address(text: str, found: tuple[str, int]) -> None:
    """An address is written as Prometheus takes it, and printed so."""
    assert (address(text), str(address(text))) == (found, text)


WRONG = ("", ":", "9847", "127.0.0.1", "127.0.0.1:", "::1:9847", "::1", "[::1]", "[127.0.0.1]:1", "[]:1", "a b:1",
         "http://a:1", "a:b:1", ":65536", ":-1", ":\u0663", "a:\u00b2", "u@a:1")  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_s3_invalid_address(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(SystemExit, match="64"):
        cli.main(["--config.file=none.yml", f"--web.listen-address={text}"])
    expected = f"invalid address {text!r}: expected HOST:PORT, for example 127.0.0.1:9847\n"
    assert capsys.readouterr().err.endswith(expected)


def test_arrived_file(tmp_path: Path, exporter: Exporter) -> None:
    """The answer to a refresh knows the file that has just arrived, and so do the next scrape and the page."""
    before = exporter.refresh()[1][0]
    write(tmp_path, 10)
    code, (after,) = exporter.refresh()
    assert (code, before["date"], after["date"]) == (200, "2025-03-09", "2025-03-10")
    assert before["snapshot"] != after["snapshot"] == exporter.sample(SNAPSHOT)
    assert "2025-03-10" in exporter.ask("/")[1]


def test_d12_folder_that_disappears(tmp_path: Path, exporter: Exporter) -> None:
    """Without its data the exporter serves the last snapshot, says why, and recovers."""
    snapshot = exporter.sample(SNAPSHOT)
    (tmp_path / "data").rename(tmp_path / "away")
    assert exporter.refresh() == (503, [{"dataset": "web", "error": f"{tmp_path}/data: no such file or folder"}])
    assert (exporter.sample(SNAPSHOT), exporter.sample(SUCCESS), exporter.ask("/-/ready")[0]) == (snapshot, 0, 200)
    (tmp_path / "away").rename(tmp_path / "data")
    assert (exporter.refresh()[0], exporter.sample(SUCCESS)) == (200, 1)


def test_measure_that_disappears(tmp_path: Path, exporter: Exporter) -> None:
    """The files of further measures belong to the configuration: they are read once, at the start."""
    (tmp_path / "more.sql").unlink()
    assert (exporter.ask("/-/refresh", "POST")[0], exporter.sample(SUCCESS)) == (200, 1)


def test_reader_killed(tmp_path: Path) -> None:
    """The end of a reading process fails the refresh, not the exporter; callers meanwhile share one new refresh."""
    write(tmp_path, event_name="slow")
    with running(tmp_path, ready=False) as exporter, ThreadPoolExecutor() as pool:
        seen = exporter.readers(1)
        assert (exporter.ask("/-/healthy")[0], exporter.ask("/-/ready")[0]) == (200, 503)
        write(tmp_path, 9)
        write(tmp_path, 10)
        callers = [pool.submit(exporter.refresh) for _ in range(5)]
        time.sleep(1)
        os.kill(min(seen), signal.SIGKILL)
        while not all(caller.done() for caller in callers):
            seen |= exporter.readers()
        assert [(status, outcome["date"]) for status, (outcome,) in (each.result() for each in callers)] == [
            (200, "2025-03-10")
        ] * 5
        assert len(seen) == 2
        write(tmp_path, 11, "slow")
        caller = pool.submit(exporter.refresh)
        os.kill(wait_for(lambda: exporter.readers(0.2)).pop(), signal.SIGKILL)
        reason = "the reading process was killed (SIGKILL), probably out of memory: "
        remedy = "lower resources.memory_limit or raise the container's memory"
        assert caller.result() == (503, [{"dataset": "web", "error": reason + remedy}])
        write(tmp_path, 11)
        assert exporter.refresh()[0] == 200


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["alone", "with those that it started"])
def test_fork_server_killed(tmp_path: Path, exporter: Exporter, kill: Callable[[int, signal.Signals], None]) -> None:
    """The end of the process that starts those that read fails a refresh at once; the next has another one."""
    write(tmp_path, 9, "slow")
    with ThreadPoolExecutor() as pool:
        caller = pool.submit(exporter.refresh)
        left = wait_for(lambda: exporter.readers(0.2))
        (server,) = exporter.fork_servers()
        kill(server, signal.SIGKILL)
        code, (outcome,) = caller.result()
        assert (code, exporter.sample(SUCCESS)) == (503, 0)
        assert outcome["error"].startswith("the fork server was killed (SIGKILL), probably out of mem")
        write(tmp_path, 9)
        assert (exporter.refresh()[0], exporter.fork_servers() == {server}) == (200, False)
        wait_for(lambda: all(processor_time(pid) < 0 for pid in left))


def test_fork_server_killed_between_refreshes(tmp_path: Path, exporter: Exporter) -> None:
    """Nobody notices: the next refresh has another one."""
    (server,) = exporter.fork_servers()
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: processor_time(server) < 0)
    write(tmp_path, 10)
    code, (outcome,) = exporter.refresh()
    assert (code, outcome["date"]) == (200, "2025-03-10")


def test_fork_server_killed_as_it_receives(tmp_path: Path) -> None:
    """Whether it has read nothing, a part or all of its task: the refresh fails or is another's, the next succeeds."""
    write(tmp_path, 9)
    with running(tmp_path, measure=WIDE) as exporter, ThreadPoolExecutor() as pool:
        for number in range(10):
            write(tmp_path, 9)
            caller = pool.submit(exporter.refresh)
            time.sleep(number / 100)
            os.killpg(exporter.fork_servers().pop(), signal.SIGKILL)
            assert caller.result()[0] in {200, 503}
            assert (exporter.refresh()[0], exporter.sample(SUCCESS)) == (200, 1)


def test_long_refresh(tmp_path: Path, exporter: Exporter) -> None:
    """While a refresh takes long, scrapes are answered, its caller waits, and nothing appears on stdout."""
    write(tmp_path, 9, "slow")
    with ThreadPoolExecutor() as pool:
        caller = pool.submit(exporter.refresh)
        (reader,) = wait_for(lambda: exporter.readers(0.2))
        exporter.scrape(4)
        os.kill(reader, signal.SIGKILL)
        assert ((tmp_path / "out").read_text(), caller.result()[0]) == ("", 503)


@pytest.mark.parametrize(("busy", "datasets"), [(False, ["web"]), (True, ["web"]), (True, ["web", "shop"])])
def test_p2_sigterm(tmp_path: Path, busy: bool, datasets: list[str]) -> None:
    """SIGTERM ends the exporter, also in a refresh that takes hours, and leaves no process, file or traceback."""
    write(tmp_path, event_name="slow" if busy else "page_viewed")
    with running(tmp_path, *datasets, ready=not busy) as exporter:
        held = [exporter.hold(text) for text in [b"", GET, GET + b"\r\n", POST + b"\r\n"][: 4 if busy else 3]]
        left = exporter.fork_servers() | exporter.readers()
        exporter.process.terminate()
        assert exporter.process.wait(30) == 0, f"with {len(held)} connections"
        wait_for(lambda: all(processor_time(pid) < 0 for pid in left))
        assert (os.listdir(tmp_path / "tmp"), "Traceback" in (tmp_path / "log").read_text()) == ([], False)


def test_p3_half_headers(exporter: Exporter) -> None:
    """Scrapes are answered beside half headers, which are cut off, drip or not; a huge one is refused at once."""
    halves = {exporter.hold(GET + b"X-Half: "): text for text in (b"", b"x") for _ in range(100)}
    exporter.scrape(2)
    wait_for(lambda: sum(is_cut(half, text) for half, text in halves.items()) == 200)
    with suppress(ConnectionError):
        assert exporter.ask("/metrics", "GET", "X-Huge", "x" * 1_000_000)[0] == 431
    exporter.scrape(0.1)


@pytest.mark.parametrize("text", [GET, (GET + b"\r\n") * 500], ids=["half headers", "slow readers"])
def test_p3_more_connections_than_files(tmp_path: Path, exporter: Exporter, text: bytes) -> None:
    """More connections than the exporter may have files do not shut scrapes out for long, nor fill the log."""
    resource.prlimit(exporter.process.pid, resource.RLIMIT_NOFILE, (128, 128))
    held = [exporter.hold(text) for _ in range(200)]
    wait_for(lambda: exporter.ask("/metrics")[0] == 200)
    assert len((tmp_path / "log").read_text().splitlines()) < 50, f"with {len(held)} connections"


def test_p6_port_taken(exporter: Exporter) -> None:
    """A second exporter on the address is refused, by name."""
    second = subprocess.run(exporter.command, check=False, capture_output=True, text=True, timeout=30)
    assert (second.returncode, second.stdout) == (1, "")
    assert f"127.0.0.1:{exporter.port}" in second.stderr.splitlines()[-1]


def test_p7_refreshes(tmp_path: Path, exporter: Exporter) -> None:
    """Thirty refreshes later the exporter has no more files open than before, and not much more memory."""
    proc, pages = Path(f"/proc/{exporter.process.pid}"), []
    before = len(os.listdir(proc / "fd"))
    for turn in range(33):
        write(tmp_path, 9 + turn % 2)
        assert exporter.refresh()[0] == 200
        pages.append(int((proc / "statm").read_text().split()[1]))
    wait_for(lambda: len(os.listdir(proc / "fd")) <= before)
    assert (pages[-1] - pages[2]) * os.sysconf("SC_PAGE_SIZE") < 8_000_000
