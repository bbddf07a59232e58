"""The web configuration: every mistake is named with its place, and nothing of a secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter import cli
from tests.support.authority import Authority, hashed, protect
from tests.support.exposition import view, write_rows

HASH = "$2y$10$" + "." * 53
SERVER = "cert_file: server.pem, key_file: server.key"

MISTAKES = {
    "": "1: expected a mapping with the key tls_server_config or basic_auth_users",
    "{}": "1: expected tls_server_config or basic_auth_users",
    "basic_auth_users:": "1: basic_auth_users: must not be empty\n",
    "basic_auth_users: secret": "1: basic_auth_users: expected a mapping",
    f"basic_auth_users:\n  {HASH}: a": "1: basic_auth_users: expected a name without a colon before each hash\n",
    "basic_auth_users: {}": "1: basic_auth_users: must not be empty",
    "basic_auth_users:\n  a: secret": "2: basic_auth_users.a: expected a bcrypt hash, for example from: ",
    "basic_auth_users:\n  a: 123456": "2: basic_auth_users.a: expected a bcrypt hash, for example from: ",
    f"basic_auth_users:\n  a: {HASH}secret": "2: basic_auth_users.a: expected a bcrypt hash, for example from: ",
    f"basic_auth_users:\n  a: {HASH.replace('10', '15')}": "2: basic_auth_users.a: expected a hash with a cost of 4 to",
    f"basic_auth_users:\n  a:b: {HASH}": "1: basic_auth_users: expected a name without a colon before each hash",
    f"basic_auth_users:\n  a: {HASH}\n  a: {HASH}": "3: basic_auth_users.a: duplicate key",
    "basic_auth_users:\n  secret: 0b_": "1: basic_auth_users: invalid number\n",
    "basic_auth_users:\n  a: !!int secret": "1: basic_auth_users: invalid number\n",
    "basic_auth_users:\n  a: *secret": "2: not valid YAML\n",
    "basic_auth_users:\n  a: !secret x": "2: not valid YAML\n",
    "http_server_config: {http2: false}": "1: http_server_config: unknown key",
    "tls_server_config: {cert_file: server.pem}": "1: tls_server_config.key_file: is missing",
    f"tls_server_config: {{{SERVER},\n  cipher_suites: []}}": "2: tls_server_config.cipher_suites: unknown key",
    "tls_server_config: {cert_file: gone, key_file: server.key}": "1: tls_server_config.cert_file: {}/gone: No such",
    "tls_server_config: {cert_file: server.pem, key_file: .}": "1: tls_server_config.key_file: {}: Is a directory",
    "tls_server_config: {cert_file: server.key, key_file: server.key}": (
        "1: tls_server_config.cert_file: {}/server.key: no certificates in PEM"
    ),
    "tls_server_config: {cert_file: server.pem, key_file: server.pem}": (
        "1: tls_server_config.key_file: {}/server.pem: no private key in PEM without a passphrase"
    ),
    "tls_server_config: {cert_file: server.pem, key_file: other.key}": (
        "1: tls_server_config.key_file: {}/other.key: not the key of the certificate"
    ),
    f"tls_server_config: {{{SERVER}, client_ca_file: ca.pem}}": (
        "1: tls_server_config.client_ca_file: needs a client_auth_type that verifies"
    ),
    f"tls_server_config: {{{SERVER}, client_auth_type: VerifyClientCertIfGiven}}": (
        "1: tls_server_config.client_auth_type: needs a client_ca_file"
    ),
    f"tls_server_config: {{{SERVER}, client_auth_type: RequireAnyClientCert}}": (
        "1: tls_server_config.client_auth_type: input should be 'NoClientCert', 'RequireAndVerifyClientCert' or "
    ),
    f"tls_server_config: {{{SERVER}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: server.key}}": (
        "1: tls_server_config.client_ca_file: {}/server.key: no certificates in PEM"
    ),
    f"tls_server_config: {{{SERVER}, min_version: TLS10}}": (
        "1: tls_server_config.min_version: expected TLS12 or TLS13: older versions are not safe"
    ),
    f"tls_server_config: {{{SERVER}, min_version: TLS13, max_version: TLS12}}": (
        "1: tls_server_config.min_version: is above max_version"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration, and with the certificates and keys of two servers."""
    (tmp_path / "config.yml").write_text("datasets: {web: {files: data}}")
    write_rows(tmp_path / "data" / "events.parquet", [view()])
    made = Authority(tmp_path)
    made.vouch("server")
    made.vouch("other")
    return tmp_path


def check(folder: Path) -> int:
    """The exit code of a check of both files."""
    files = {"--config.file": folder / "config.yml", "--web.config.file": folder / "web.yml"}
    return cli.main([*(f"{name}={file}" for name, file in files.items()), "--check-config"])


@pytest.mark.parametrize(("content", "said"), MISTAKES.items(), ids=MISTAKES.values())
def test_mistakes(folder: Path, capsys: pytest.CaptureFixture[str], content: str, said: str) -> None:
    """What cannot be used is refused, exit 64, with file, line and key; no hash, password or key is shown."""
    (folder / "web.yml").write_text(content)
    assert check(folder) == 64
    out, err = capsys.readouterr()
    assert err.startswith(f"{folder}/web.yml:{said.format(folder)}")
    assert (out, "secret" in err, "123456" in err, "...." in err, "BEGIN" in err) == ("", False, False, False, False)


def test_a_configuration_that_is_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check says so, and of what it protects only how many users there are."""
    (folder / "ca.pem").write_text(f"# Főtanúsítvány\n{(folder / 'ca.pem').read_text()}", "utf-8")
    asking = {"client_ca_file": "ca.pem", "client_auth_type": "RequireAndVerifyClientCert", "min_version": "TLS13"}
    protect(folder, {"prometheus": hashed("secret"), "report": hashed("secret")}, **asking)
    assert check(folder) == 0
    fine = f"{folder}/config.yml: fine, 1 data set(s): web\n{folder}/web.yml: fine, TLS, 2 user(s)\n"
    out, err = capsys.readouterr()
    assert (out[-len(fine) :], err) == (fine, "")


def test_a_key_with_a_passphrase(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is asked for it: the key is refused."""
    lines = (folder / "server.key").read_text().splitlines()
    encrypted = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF", ""]
    (folder / "server.key").write_text("\n".join([lines[0], *encrypted, *lines[1:], ""]))
    protect(folder)
    assert check(folder) == 64
    assert "no private key in PEM without a passphrase" in capsys.readouterr().err
