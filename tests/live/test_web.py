"""An exporter behind TLS and passwords: whom it lets in, what the time tells, and what it survives."""

from __future__ import annotations

import asyncio
import re
import signal
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPException, HTTPSConnection
from itertools import count
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import bcrypt
import pytest
import yaml

from alerting.http import http_config
from alerting.http.client import Client, FetchError
from alerting.stack.stack import end, free_address, prometheus_at, start
from exporter.web import passwords
from exporter.web.listener import CONNECTIONS
from exporter.web.pages import PROBES
from exporter.web.passwords import Passwords
from exporter.web.turns import WAITING, CrowdedError, Turns
from tests.support.authority import Authority, hashed, protect
from tests.support.generations import Generation
from tests.support.processes import SNAPSHOT, Exporter, basic, is_cut, running, wait_for, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are watched through /proc")

PASSWORD = "s3cret: the wörd"
LOGIN = f"prometheus:{PASSWORD}"
READMES = "\n".join(
    (Path(__file__).parents[2] / each / "README.md").read_text("utf-8") for each in ("exporter", "alerting")
)
PATHS = ("/", "/metrics", "/-/healthy", "/-/ready", "/-/refresh", "/-/reload", "/nothing")
RELOADED = "clickstream_exporter_config_last_reload_successful"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The authority that vouches for the exporter."""
    made = Authority(tmp_path)
    made.vouch("server")
    return made


@pytest.fixture
def exporter(tmp_path: Path, authority: Authority) -> Iterator[Exporter]:
    """An exporter behind TLS and a password that has its first snapshot."""
    write(tmp_path)
    option = protect(tmp_path, {"prometheus": hashed(PASSWORD)})
    with running(tmp_path, options=[option], tls=authority.client(), login=LOGIN) as exporter:
        yield exporter


def test_s2_every_path_wants_a_password(tmp_path: Path, exporter: Exporter) -> None:
    """Without the right one, 401 and nothing else: no page, no refresh, no reload. Only probes need none."""
    snapshot = exporter.sample(SNAPSHOT)
    (tmp_path / "config.yml").unlink()
    write(tmp_path, 10)
    wrong = ("prometheus:wrong", "prometheus:", "nobody:wrong", f":{PASSWORD}", f"Prometheus:{PASSWORD}", LOGIN * 9)
    headers = [*(basic(login)["Authorization"] for login in wrong), "", "Basic", "Basic !", "Basic YQ==", "Bearer a"]
    for header in headers:
        for path in set(PATHS) - set(PROBES):
            for method in ("GET", "POST", "HEAD"):
                code, named, body = exporter.answer(path, method, "Authorization", header)
                assert (code, body) == (401, "" if method == "HEAD" else "unauthorized\n")
                assert named["WWW-Authenticate"].startswith("Basic ")
        assert [exporter.answer(path, "GET", "Authorization", header)[0] for path in PROBES] == [200, 200]
    assert (exporter.sample(SNAPSHOT), exporter.sample(RELOADED)) == (snapshot, 1)
    assert [exporter.ask(path)[0] for path in PATHS] == [200, 200, 200, 200, 405, 405, 404]
    assert exporter.ask("/-/refresh", "POST", "Origin", "https://evil.example")[0] == 403
    assert exporter.refresh()[1][0]["date"] == "2025-03-10"


def test_s2_a_body_without_a_password_is_bounded(exporter: Exporter) -> None:
    """Whoever is not known may not send more than others."""
    with suppress(ConnectionError, ssl.SSLError), closing(exporter.connection()) as connection:
        connection.request("POST", "/-/refresh", b"x" * 1_000_000)
        assert connection.getresponse().status == 413
    exporter.scrape(0.1)


def test_s2_the_time_tells_no_users_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password costs the same rounds of bcrypt for nobody as for a cheap or a costly hash; one known right, none."""
    rounds: list[int] = []

    def counted(function: Callable[[bytes, bytes], Any]) -> Callable[[bytes, bytes], Any]:
        def count(password: bytes, hashed: bytes) -> Any:
            rounds.append(2 ** int(hashed[4:6]))
            return function(password, hashed)

        return count

    users = {"cheap": bcrypt.hashpw(b"right", bcrypt.gensalt(4)), "costly": bcrypt.hashpw(b"right", bcrypt.gensalt(8))}
    for name in ("checkpw", "hashpw"):
        monkeypatch.setattr(passwords.bcrypt, name, counted(getattr(passwords.bcrypt, name)))
    known = Passwords(users)

    async def cost(user: str, password: bytes) -> tuple[bool, int]:
        rounds.clear()
        return await known.are(user, password, "127.0.0.1"), sum(rounds)

    async def costs() -> list[tuple[bool, int]]:
        asked = [
            ("cheap", b"wrong"),
            ("costly", b"wrong"),
            ("nobody", b"wrong"),
            ("cheap", b"right"),
            ("cheap", b"right"),
        ]
        return [await cost(*each) for each in asked]

    assert asyncio.run(costs()) == [(False, 2**8)] * 3 + [(True, 2**8), (True, 0)]


GUESSERS = CONNECTIONS - 8
"""Fewer than there are places: who gives way where there are more is what the tests of the listener are about."""


def test_s2_a_flood_of_wrong_passwords(tmp_path: Path) -> None:
    """Scrapes go on while passwords are tried out, and so does the end of the exporter."""
    write(tmp_path)
    option, over = protect(tmp_path, {"prometheus": hashed(PASSWORD, 11)}), Event()
    with running(tmp_path, options=[option], login=LOGIN) as exporter, ThreadPoolExecutor(GUESSERS) as pool:

        def guess() -> None:
            while not over.is_set():
                with suppress(OSError), closing(exporter.connection()) as connection:
                    connection.request("GET", "/metrics", headers=basic("prometheus:wrong"))
                    assert connection.getresponse().status in {401, 429}

        guessing = [pool.submit(guess) for _ in range(GUESSERS)]
        try:
            exporter.scrape(4)
            exporter.process.terminate()
            assert exporter.process.wait(30) == 0
        finally:
            over.set()
    assert all(isinstance(each.exception(), AssertionError | None) for each in guessing)


FLOODS: dict[str, Callable[[int], str]] = {
    "one wrong password": lambda _: "report:wrong",
    "passwords of the user": lambda number: f"report:{number}",
    "passwords of another user": lambda number: f"prometheus:{number}",
    "passwords of nobody": lambda number: f"{number}:{number}",
}


@pytest.mark.parametrize("login", FLOODS.values(), ids=FLOODS)
def test_s2_a_flood_shuts_no_right_password_out(tmp_path: Path, login: Callable[[int], str]) -> None:
    """A password that was right before is never refused; one that was not yet gets through after a few attempts."""
    write(tmp_path)
    option = protect(tmp_path, {"prometheus": hashed(PASSWORD, 11), "report": hashed("first", 11)})
    numbers, codes, over = count(), Counter[int](), Event()
    with running(tmp_path, options=[option], login=LOGIN) as exporter, ThreadPoolExecutor(60) as pool:

        def ask(header: dict[str, str]) -> int:
            with suppress(OSError, HTTPException), closing(exporter.connection()) as connection:
                connection.request("GET", "/metrics", headers=header)
                return connection.getresponse().status
            return 0  # cut off for another connection

        def guess() -> None:
            while not over.is_set():
                codes[ask(basic(login(next(numbers))))] += 1

        for _ in range(60):
            pool.submit(guess)
        try:
            wait_for(lambda: codes[429] > 50)
            attempts = [ask(basic("report:first"))]
            while attempts[-1] != 200 and len(attempts) < 20:
                attempts.append(ask(basic("report:first")))
            known = [ask(basic(each)) for each in (LOGIN, "report:first") * 20]
        finally:
            over.set()
    assert (attempts[-1], set(attempts) <= {0, 200, 429}) == (200, True), attempts
    assert (known.count(200), set(known) <= {0, 200}) == (pytest.approx(40, abs=4), True)
    assert set(codes) <= {0, 401, 429}


def test_s2_clients_and_users_have_their_share() -> None:
    """Where too many wait, the one that takes most is refused, and the next is of the one that takes least."""

    async def taken() -> tuple[list[str], list[str]]:
        turns, ran, steps = Turns(), list[str](), Semaphore(0)

        async def take(client: str, user: str, password: str) -> str:
            def compare() -> bool:
                ran.append(password)
                steps.acquire(timeout=30)
                return True

            try:
                return password if await turns.take(client, user, password, compare) else "wrong"
            except CrowdedError:
                return "refused"

        loud = [asyncio.create_task(take("a", "x", f"a{number}")) for number in range(WAITING + 2)]
        await asyncio.sleep(0)
        quiet = [asyncio.create_task(take(*each)) for each in (("a", "y", "other user"), ("b", "x", "other client"))]
        await asyncio.sleep(0)
        answers, compared = asyncio.gather(*loud, *quiet), len(loud) + len(quiet) - 4
        for begun in range(2, compared + 2):  # one ends at a time, so that the next begins alone
            while len(ran) < min(begun, compared):
                await asyncio.sleep(0.001)
            steps.release()
        return ran, await answers

    ran, answers = asyncio.run(taken())
    assert answers[-2:] == ["other user", "other client"]
    assert answers.count("refused") == 4
    assert set(ran[2:5]) & {"other client"}
    assert ran[2] == "other client"
    assert ran.index("other user") < ran.index("a5")


def test_s2_half_handshakes(exporter: Exporter, authority: Authority) -> None:
    """Scrapes are answered beside half handshakes, which are cut off, drip or not, as is whoever speaks no TLS."""
    hello = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        authority.client().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="127.0.0.1").do_handshake()
    half = hello.read()[:100]
    kinds = [(b"", b""), (half, b""), (half, b"x"), (b"GET /metrics HTTP/1.1\r\n\r\n", b"")]
    held = {exporter.hold(begun): text for begun, text in kinds for _ in range(50)}
    exporter.scrape(2)
    wait_for(lambda: sum(is_cut(connection, text) for connection, text in held.items()) == 200)
    exporter.scrape(0.1)


def shown(exporter: Exporter) -> bytes | None:
    """The certificate that the exporter shows."""
    with closing(exporter.connection()) as connection:
        assert isinstance(connection, HTTPSConnection)
        connection.connect()
        assert isinstance(connection.sock, ssl.SSLSocket)
        return connection.sock.getpeercert(binary_form=True)


def test_s2_reload(tmp_path: Path, exporter: Exporter, authority: Authority) -> None:
    """A new certificate and a new password are taken over together, with a signal or a request."""
    old = shown(exporter)
    authority.vouch("server")
    assert shown(exporter) == old
    assert exporter.ask("/-/reload", "POST")[0] == 200
    assert shown(exporter) != old
    protect(tmp_path, {"prometheus": hashed("another")})
    exporter.process.send_signal(signal.SIGHUP)
    wait_for(lambda: exporter.ask("/metrics")[0] == 401)
    exporter.login = "prometheus:another"
    assert (exporter.ask("/metrics")[0], exporter.sample(RELOADED)) == (200, 1)


@pytest.mark.parametrize("broken", ["config.yml", "server.pem", "server.key", "web.yml"])
def test_s2_a_reload_that_is_refused(tmp_path: Path, exporter: Exporter, authority: Authority, broken: str) -> None:
    """Where one file is broken, all of the old ones stay: the certificate, the password and what is measured."""
    old = shown(exporter)
    authority.vouch("server")
    protect(tmp_path, {"prometheus": hashed("another")})
    (tmp_path / broken).write_text("nothing")
    code, body = exporter.ask("/-/reload", "POST")
    assert (code, broken in body) == (500, True), body
    assert (shown(exporter), exporter.ask("/metrics")[0], exporter.sample(RELOADED)) == (old, 200, 0)


def test_s2_certificates_of_clients(tmp_path: Path, authority: Authority) -> None:
    """Who must show one that the authority vouches for, does; where none is needed, a foreign one is refused, too."""
    write(tmp_path)
    (tmp_path / "foreign").mkdir()
    Authority(tmp_path / "foreign").vouch("client", "prometheus.example")
    authority.vouch("client", "prometheus.example")
    own, foreign = authority.client(tmp_path / "client"), authority.client(tmp_path / "foreign" / "client")
    wanted = {"client_ca_file": "ca.pem", "client_auth_type": "RequireAndVerifyClientCert"}
    option = protect(tmp_path, **wanted)
    with running(tmp_path, options=[option], tls=own) as exporter:
        assert [is_let_in(exporter, tls) for tls in (own, authority.client(), foreign)] == [True, False, False]
        exporter.tls = own
        protect(tmp_path, **wanted | {"client_auth_type": "VerifyClientCertIfGiven"})
        assert exporter.ask("/-/reload", "POST")[0] == 200
        assert [is_let_in(exporter, tls) for tls in (own, authority.client(), foreign)] == [True, True, False]
        exporter.tls = own
        protect(tmp_path, min_version="TLS13")
        assert exporter.ask("/-/reload", "POST")[0] == 200
        old = authority.client()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert [is_let_in(exporter, tls) for tls in (own, authority.client(), old)] == [True, True, False]


def is_let_in(exporter: Exporter, tls: ssl.SSLContext) -> bool:
    """Whether a client with this TLS is answered."""
    exporter.tls = tls
    try:
        return exporter.ask("/-/healthy") == (200, "alive\n")
    except (ssl.SSLError, ConnectionError):
        return False


def test_s4_no_secret_is_told(tmp_path: Path, exporter: Exporter) -> None:
    """Neither passwords nor hashes nor keys are in an answer, in the log or on stdout."""
    key = (tmp_path / "server.key").read_text().splitlines()[1]
    secret = hashed("another")
    said = [exporter.ask(path)[1] for path in PATHS]
    said += [exporter.ask("/metrics", "GET", "Authorization", basic("prometheus:guessed")["Authorization"])[1]]
    for users in ({"prometheus": secret[:-1]}, {secret: "prometheus"}):
        protect(tmp_path, users)
        code, body = exporter.ask("/-/reload", "POST")
        said.append(body)
        assert (code, "basic_auth_users" in body) == (500, True)
    (tmp_path / "server.key").write_text("-----BEGIN PRIVATE KEY-----\n" + key)
    protect(tmp_path)
    said += [exporter.ask("/-/reload", "POST")[1], *((tmp_path / name).read_text() for name in ("log", "out"))]
    text = "\n".join(said)
    assert "tls_server_config.key_file" in text
    hidden = [PASSWORD, "guessed", secret[7:-1], key[:20], *(basic(each)["Authorization"][6:] for each in (LOGIN,))]
    assert [each for each in hidden if each in text] == []


def shown_in_readme(name: str) -> dict[str, Any]:
    """What the READMEs show of a file."""
    (block,) = re.findall(rf"```yaml\n(# {re.escape(name)}.*?)```", READMES, re.DOTALL)
    read: dict[str, Any] = yaml.safe_load(block)
    return read


def test_s2_the_files_of_the_readme(tmp_path: Path, generation: Generation, authority: Authority) -> None:
    """A real Prometheus scrapes the exporter with them, and the report's file can be used."""
    write(tmp_path)
    web, scraping = shown_in_readme("web.yml"), shown_in_readme("prometheus.yml")
    web["tls_server_config"] |= {"cert_file": "server.pem", "key_file": "server.key"}
    web["basic_auth_users"] = dict.fromkeys(web["basic_auth_users"], hashed(PASSWORD))
    (tmp_path / "web.yml").write_text(yaml.safe_dump(web))
    for name in ("exporter_password", "report_password"):
        (tmp_path / name).write_text(f"{PASSWORD}\n", "utf-8")
    (tmp_path / "http.yml").write_text(yaml.safe_dump(shown_in_readme("http.yml")))
    assert http_config.load(tmp_path / "http.yml").authorization == basic(f"report:{PASSWORD}")["Authorization"]
    option = f"--web.config.file={tmp_path / 'web.yml'}"
    with running(tmp_path, options=[option], tls=authority.client(), login=LOGIN) as exporter, generation.chosen():
        scraping["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{exporter.port}"]
        scraping["global"] = {"scrape_interval": "1s"}
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(scraping))
        address = free_address()
        process = start(prometheus_at(address, tmp_path, "1s"), tmp_path)
        try:
            wait_for(lambda: health(address) == ["up"])
        finally:
            end(process)


def health(address: str) -> list[str]:
    """The state of every target of Prometheus."""
    try:
        targets = Client().get(f"http://{address}/api/v1/targets?state=active", 5).body["data"]["activeTargets"]
        return [each["health"] for each in targets]
    except FetchError:
        return []
