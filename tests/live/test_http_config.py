"""Reports and drills at servers that require TLS and credentials: who gets access, and who is shown a secret."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerting import report, rulefile
from alerting.gate.judge import Servers, judge
from alerting.gate.verdict import Subject
from alerting.http import http_config
from alerting.http.client import Client
from exporter.demo.write import write_demo
from tests.support.authority import Authority
from tests.support.processes import basic
from tests.support.service import Answer, Service

PASSWORD = "s3cret: the wörd"
BASIC = basic(f"report:{PASSWORD}")["Authorization"]
LABELS = {"alertname": "ClickstreamCertificate", "dataset": "shop", "severity": "none", "date": "2025-03-09"}
LABELS |= {"snapshot": "7", "checks": str(len(rulefile.checks())), "firing": "0"}
CERTIFICATE = {"labels": LABELS, "annotations": {"firing": "", "switched_off": ""}, "state": "firing"}
UNAUTHORIZED, FORBIDDEN = Answer(401, b"who?"), Answer(403, b"you?")


def passing(method: str, path: str, _body: bytes) -> Answer:
    """What Alertmanager and Prometheus answer where all is well."""
    updated = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
    listed = {"fingerprint": "1", "updatedAt": updated, "status": {"silencedBy": [], "inhibitedBy": []}}
    known: dict[str, Any] = {
        "/api/v1/alerts": {"data": {"alerts": [CERTIFICATE]}},
        "/api/v2/alerts": [CERTIFICATE | listed] if method == "GET" else {},
        "/api/v2/status": {},
    }
    return Answer(200, json.dumps(known[path.partition("?")[0]]).encode())


@pytest.fixture(autouse=True)
def authority(tmp_path: Path) -> Authority:
    """The authority that vouches for the servers."""
    made = Authority(tmp_path)
    made.vouch("server")
    return made


@pytest.fixture
def started() -> Iterator[list[Service]]:
    """Servers that are stopped at the end."""
    made: list[Service] = []
    yield made
    for each in made:
        each.stop()


def configured(folder: Path, **sections: dict[str, Any]) -> Path:
    """The file of an HTTP configuration that trusts the authority."""
    trusting = {"tls_config": {"ca_file": "ca.pem"} | sections.pop("tls_config", {})}
    (folder / "http.yml").write_text(yaml.safe_dump(trusting | sections, allow_unicode=True), "utf-8")
    return folder / "http.yml"


def ask(alertmanager: str, prometheus: str, file: Path, *more: str) -> tuple[int, str]:
    """The exit code of a report, and all that it says."""
    command = [sys.executable, "-m", "alerting.report", "--dataset", "shop", "--date", "2025-03-09", "--timeout", "2"]
    command += ["--alertmanager.url", alertmanager, "--prometheus.url", prometheus]
    command += ["--http.config.file", str(file), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert [each for each in (PASSWORD, BASIC[6:], "t0ken") if each in done.stdout + done.stderr] == []
    return done.returncode, done.stdout + done.stderr


SECTIONS = {
    "password": ({"basic_auth": {"username": "report", "password": PASSWORD}}, BASIC),
    "password file": ({"basic_auth": {"username": "report", "password_file": "password"}}, BASIC),
    "token": ({"authorization": {"credentials": "t0ken"}}, "Bearer t0ken"),
    "token file": ({"authorization": {"type": "Token", "credentials_file": "token"}}, "Token t0ken"),
    "nothing": ({}, ""),
}


@pytest.mark.parametrize(("sections", "header"), SECTIONS.values(), ids=SECTIONS)
def test_s2_a_report_is_let_in(
    tmp_path: Path, authority: Authority, started: list[Service], sections: dict[str, Any], header: str
) -> None:
    """With what the file says, every server answers, and the verdict is PASS."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n", "utf-8")
    (tmp_path / "token").write_text("t0ken\n")
    started += [Service(passing, authority.server(), header, UNAUTHORIZED) for _ in range(2)]
    code, said = ask(started[0].url, started[1].url, configured(tmp_path, **sections), "--timeout", "30")
    assert (code, *(set(each.named) for each in started)) == (0, {header}, {header}), said


@pytest.mark.parametrize("shut", [UNAUTHORIZED, FORBIDDEN], ids=["401", "403"])
@pytest.mark.parametrize("name", ["Alertmanager", "Prometheus"])
def test_s2_a_wrong_password_is_unknown(
    tmp_path: Path, authority: Authority, started: list[Service], name: str, shut: Answer
) -> None:
    """Where one of the servers refuses access, there is no verdict, and it is named."""
    file = configured(tmp_path, basic_auth={"username": "report", "password": PASSWORD})
    closed, opened = (Service(passing, authority.server(), "other", each) for each in (shut, None))
    started += [closed, opened]
    urls = (closed.url, opened.url) if name == "Alertmanager" else (opened.url, closed.url)
    code, said = ask(*urls, file)
    assert code == 2
    assert f"Not judged: {name} refused access: {closed.url}/api/" in said
    assert f": HTTP status {shut.status} within 2 s" in said


def test_s2_somebody_elses_server_at_the_default_address_changes_nothing(started: list[Service]) -> None:
    """A Prometheus that was not named may refuse access."""
    alertmanager, prometheus = started[:] = [Service(passing), Service(passing, None, "other", FORBIDDEN)]
    for is_default in (True, False):
        servers = Servers([alertmanager.url], prometheus=prometheus.url, is_default=is_default)
        verdict = judge(Client(), servers, Subject("shop", "2025-03-09"), 2, lambda _: None)
        assert verdict.exit_code == (0 if is_default else 2)


def test_s2_an_exporter_that_does_not_let_in(tmp_path: Path, authority: Authority, started: list[Service]) -> None:
    """It is not refreshed, so there is no verdict; the reason is the refusal, also where the time runs out later."""
    started.append(Service(passing, authority.server(), BASIC, UNAUTHORIZED))
    (url,) = (each.url for each in started)
    file = configured(tmp_path, basic_auth={"username": "report", "password": "wrong"})
    code, said = ask(url, url, file, "--exporter.url", url)
    assert (code, f"the exporter did not refresh: {url}/-/refresh: HTTP status 401" in said) == (2, True), said


@pytest.mark.parametrize("name", ["Alertmanager", "Prometheus"])
def test_s2_tls_that_fails_is_unknown(tmp_path: Path, authority: Authority, started: list[Service], name: str) -> None:
    """A certificate that nobody trusts or of another host, one of ours that is missing, TLS on one side only."""
    authority.vouch("other", "other.example")
    (tmp_path / "foreign").mkdir()
    foreign = Authority(tmp_path / "foreign")
    foreign.vouch("server")
    contexts = (foreign.server(), authority.server("other"), authority.server(asks=True))
    good, untrusted, other, asking, plain = started[:] = [
        Service(passing, tls) for tls in (authority.server(), *contexts, None)
    ]
    wants_https = Service(passing, None, "-", Answer(400, b"Client sent an HTTP request to an HTTPS server."))
    started.append(wants_https)
    cases = {
        untrusted.url: "certificate not accepted: unable to get local issuer certificate",
        other.url: "certificate not accepted: IP address mismatch",
        asking.url: "",
        plain.url.replace("http:", "https:"): "TLS failed: ",
        wants_https.url: "HTTP status 400, the server expects https",
    }
    for url, reason in cases.items():
        urls = (url, good.url) if name == "Alertmanager" else (good.url, url)
        code, said = ask(*urls, configured(tmp_path), "--timeout", "0.5")
        assert (code, f"{name} refused access: {url}/api/" in said, reason in said) == (2, True, True), said


def test_s2_a_certificate_and_a_server_name(tmp_path: Path, authority: Authority, started: list[Service]) -> None:
    """The report shows its own certificate, and accepts that of the host that is named."""
    authority.vouch("server", "alerts.example")
    authority.vouch("report", "report.example")
    started += [Service(passing, authority.server(asks=True)) for _ in range(2)]
    own = {"cert_file": "report.pem", "key_file": "report.key"}
    urls = (started[0].url, started[1].url)
    assert ask(*urls, configured(tmp_path, tls_config=own | {"server_name": "alerts.example"}))[0] == 0
    assert ask(*urls, configured(tmp_path, tls_config=own))[0] == 2
    assert ask(*urls, configured(tmp_path, tls_config=own | {"insecure_skip_verify": True}))[0] == 0


def test_s2_a_redirect_gets_no_password(tmp_path: Path, started: list[Service]) -> None:
    """No redirect is followed, and only the named servers are shown a secret."""
    other = Service(passing)
    started += [other, Service(lambda *_: Answer(307, headers={"Location": f"{other.url}/api/v2/alerts"}))]
    file = configured(tmp_path, basic_auth={"username": "report", "password": PASSWORD})
    code, said = ask(started[1].url, started[1].url, file)
    assert (code, "HTTP status 307" in said, set(started[1].named), other.named) == (2, True, {BASIC}, [])


def test_s2_a_server_that_is_not_named_gets_no_password(tmp_path: Path, started: list[Service]) -> None:
    """A request to another port of the same machine carries no credentials."""
    named, other = started[:] = [Service(passing), Service(passing)]
    file = configured(tmp_path, basic_auth={"username": "report", "password": PASSWORD})
    client = Client(http_config.load(file), [f"{named.url}/prefix"])
    for each in started:
        client.get(f"{each.url}/api/v2/status", 5)
    assert (named.named, other.named) == ([BASIC], [""])


def test_s2_a_drill_is_authenticated(tmp_path: Path, authority: Authority, started: list[Service]) -> None:
    """With the right password Alertmanager accepts it; with a wrong one it does not, exit 2."""
    started.append(Service(passing, authority.server(), BASIC, UNAUTHORIZED))
    program = [sys.executable, "-m", "alerting.check", str(write_demo(tmp_path / "demo", date(2025, 3, 9)))]
    command = [*program, "--drill", "RevenueDrop", "--alertmanager.url", started[0].url]
    for password, code, said in ((PASSWORD, 0, "accepted it"), ("wrong", 2, "HTTP status 401")):
        file = configured(tmp_path, basic_auth={"username": "report", "password": password})
        done = subprocess.run([*command, "--http.config.file", str(file)], capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stderr, PASSWORD in done.stderr) == (code, True, False), done.stderr
    done = subprocess.run([*program, "--http.config.file", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, "needs --drill and --alertmanager.url" in done.stderr) == (64, True)


MISTAKES = {
    "basic_auth: {username: a, password: t0ken, passwort: t0ken}": "1: basic_auth.passwort: unknown key",
    "basic_auth:\n  username: a\n  password: 123456": "3: basic_auth.password: input should be a valid string",
    "basic_auth: {username: a}": "1: basic_auth: expected either password or password_file",
    "basic_auth: {username: 'a:b', password: t0ken}": "1: basic_auth.username: must not contain a colon",
    "basic_auth: {username: a, password_file: gone}": "1: basic_auth.password_file: {}/gone: No such file or directory",
    "basic_auth:\n  username: a\n  password: *t0ken": "3: not valid YAML",
    "authorization:\n  credentials: 't0ken\n\n    X: y'": "1: authorization: expected only printable ASCII characters",
    "authorization: {type: basic, credentials: t0ken}": "1: authorization.type: must not be Basic",
    "authorization: {credentials: t0ken}\nbasic_auth: {username: a, password: t0ken}": "1: authorization: cannot be",
    "tls_config: {cert_file: a.pem}": "1: tls_config: expected both cert_file and key_file, or neither",
    "tls_config: {ca_file: empty}": "1: tls_config.ca_file: {}/empty: no certificates in PEM",
    "proxy_url: http://proxy.example": "1: proxy_url: unknown key",
    "": "1: expected a mapping with the key tls_config or basic_auth or authorization",
}


@pytest.mark.parametrize(("content", "said"), MISTAKES.items(), ids=MISTAKES.values())
def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str) -> None:
    """A file that cannot be used is refused with line and key, and without any value."""
    (tmp_path / "empty").touch()
    (tmp_path / "http.yml").write_text(content)
    options = ["--alertmanager.url", "http://127.0.0.1:9", "--http.config.file", str(tmp_path / "http.yml")]
    assert report.main(options) == 64
    out, err = capsys.readouterr()
    assert (out, "t0ken" in err, "123456" in err) == ("", False, False)
    assert err.startswith(f"clickstream-report: {tmp_path}/http.yml:{said.format(tmp_path)}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--alertmanager.url", "http://report:t0ken@alerts.example"], "must not contain a user or password"),
        (["--http.config.file", "http.yml"], "needs the URL of a server"),
    ],
)
def test_arguments(capsys: pytest.CaptureFixture[str], options: list[str], said: str) -> None:
    """A password in a URL is refused and not repeated; a file without a server is refused, too."""
    with pytest.raises(SystemExit) as ended:
        report.main(options)
    err = capsys.readouterr().err
    assert (ended.value.code, said in err, "t0ken" in err) == (64, True, False)
