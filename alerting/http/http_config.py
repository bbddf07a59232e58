"""Access to protected servers, from a file in the format of Prometheus' http_config: TLS and credentials."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from alerting.http.access import Access
from exporter.config import pem, strict_yaml
from exporter.config.pem import File
from exporter.config.strict_yaml import Model, ProblemsError
from exporter.config.yaml_lines import Problem


class Tls(Model):
    """The authority to trust, and the client certificate to present."""

    ca_file: File | None = None
    cert_file: File | None = None
    key_file: File | None = None
    server_name: str | None = None
    insecure_skip_verify: bool = False


class BasicAuth(Model):
    """Basic authentication."""

    username: str
    password: str | None = None
    password_file: File | None = None


class Authorization(Model):
    """Any other kind of credentials, such as a token."""

    type: str = "Bearer"
    credentials: str | None = None
    credentials_file: File | None = None


class HttpConfig(Model):
    """An HTTP configuration."""

    tls_config: Tls | None = None
    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None


def load(path: Path) -> Access:
    """The access configured in the file at `path`.

    Raises ConfigError that lists every problem by file, line and key, without any secret.
    """
    return strict_yaml.read(path, HttpConfig, partial(_access, path.resolve().parent), secret=True)


def _access(folder: Path, config: HttpConfig) -> Access:
    if problems := list(_cross_checks(config)):
        raise ProblemsError(*problems)
    tls = config.tls_config or Tls()
    context = ssl.create_default_context()
    if tls.ca_file:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        pem.trust(context, folder / tls.ca_file, ("tls_config", "ca_file"))
    if tls.insecure_skip_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if tls.cert_file and tls.key_file:
        pem.identify(context, folder / tls.cert_file, folder / tls.key_file, "tls_config")
    return Access(context, tls.server_name, _header(folder, config))


def _cross_checks(config: HttpConfig) -> Iterator[Problem]:
    """Problems that concern several keys at once."""
    if config.tls_config and bool(config.tls_config.cert_file) != bool(config.tls_config.key_file):
        yield ("tls_config",), "expected both cert_file and key_file, or neither"
    if config.basic_auth and config.authorization:
        yield ("authorization",), "cannot be combined with basic_auth"
    if config.basic_auth and (config.basic_auth.password is None) == (config.basic_auth.password_file is None):
        yield ("basic_auth",), "expected either password or password_file"
    if config.basic_auth and ":" in config.basic_auth.username:
        yield ("basic_auth", "username"), "must not contain a colon"
    given = config.authorization
    if given and (given.credentials is None) == (given.credentials_file is None):
        yield ("authorization",), "expected either credentials or credentials_file"
    if given and given.type.strip().lower() in ("", "basic"):
        yield ("authorization", "type"), "must not be Basic: use basic_auth instead"


def _header(folder: Path, config: HttpConfig) -> str | None:
    if user := config.basic_auth:
        password = _secret(folder, user.password, user.password_file, ("basic_auth", "password_file"))
        return f"Basic {b64encode(f'{user.username}:{password}'.encode()).decode()}"
    if given := config.authorization:
        place = ("authorization", "credentials_file")
        header = f"{given.type.strip()} {_secret(folder, given.credentials, given.credentials_file, place)}"
        if not header.isascii() or not header.isprintable():
            raise ProblemsError((("authorization",), "expected only printable ASCII characters"))
        return header
    return None


def _secret(folder: Path, text: str | None, file: str | None, place: tuple[str, str]) -> str:
    """The text, or the content of the file without the line break at its end."""
    try:
        return pem.bytes_of(folder / file, place).decode().strip() if file else text or ""
    except UnicodeDecodeError:
        raise ProblemsError((place, f"{folder / str(file)}: not valid UTF-8")) from None
