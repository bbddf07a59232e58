"""Who may see the pages: TLS and passwords, from a file in the format of Prometheus' exporter-toolkit."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from exporter.config import pem, strict_yaml
from exporter.config.pem import File
from exporter.config.strict_yaml import Model, ProblemsError

COSTLIEST = 14
"""The highest bcrypt cost: a comparison then takes a second, and cannot be interrupted."""

VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}

_AUTHORITIES = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_HASH = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")


@dataclass(frozen=True)
class Web:
    """How the pages are protected: by TLS, and by a bcrypt hash of each user's password, where there are any."""

    tls: ssl.SSLContext | None = None
    users: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"{'TLS' if self.tls else 'no TLS'}, {len(self.users)} user(s)"


def _hash(value: object) -> str:
    parts = _HASH.fullmatch(value) if isinstance(value, str) else None
    if not isinstance(value, str) or not parts:
        raise ValueError("expected a bcrypt hash, for example from: htpasswd -nBC 10 NAME")
    if not 4 <= int(parts[1]) <= COSTLIEST:
        raise ValueError(f"expected a hash with a cost of 4 to {COSTLIEST}")
    return value


def _named(users: object) -> object:
    """The users, if all names are valid; an invalid name may be a hash, so it is not shown."""
    for name in users if isinstance(users, dict) else ():
        if not isinstance(name, str) or name.startswith("$") or ":" in name or not name.isprintable():
            raise ValueError("expected a name without a colon before each hash")
    return users


def _known(value: object) -> object:
    if isinstance(value, str) and value not in VERSIONS:
        raise ValueError(f"expected {' or '.join(VERSIONS)}: older versions are not safe")
    return value


Version = Annotated[Literal["TLS12", "TLS13"], BeforeValidator(_known)]
Hash = Annotated[str, BeforeValidator(_hash)]
Users = Annotated[dict[str, Hash], Field(min_length=1), BeforeValidator(_named)]


class TlsServer(Model):
    """The exporter's certificate, and whether clients need one."""

    cert_file: File
    key_file: File
    client_ca_file: File | None = None
    client_auth_type: Literal["NoClientCert", "RequireAndVerifyClientCert", "VerifyClientCertIfGiven"] = "NoClientCert"
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"


class WebConfig(Model):
    """A web configuration."""

    tls_server_config: TlsServer | None = None
    basic_auth_users: Users | None = None


def load(path: Path | None) -> Web:
    """The web configuration at `path`, and the files beside it; without one, nothing is protected.

    Raises ConfigError with every problem, each with file, line and key; no problem shows a hash or a private key.
    """
    return strict_yaml.read(path, WebConfig, partial(_web, path.resolve().parent), secret=True) if path else Web()


def _web(folder: Path, config: WebConfig) -> Web:
    if not config.model_fields_set:
        raise ProblemsError(((), f"expected {' or '.join(WebConfig.model_fields)}"))
    if empty := [name for name in config.model_fields_set if getattr(config, name) is None]:
        raise ProblemsError(*(((name,), "must not be empty") for name in empty))
    users = {name: each.encode() for name, each in (config.basic_auth_users or {}).items()}
    return Web(_context(folder, config.tls_server_config) if config.tls_server_config else None, users)


def _context(folder: Path, config: TlsServer) -> ssl.SSLContext:
    section = "tls_server_config"
    if config.client_ca_file and config.client_auth_type == "NoClientCert":
        raise ProblemsError(((section, "client_ca_file"), "needs a client_auth_type that verifies"))
    if not config.client_ca_file and config.client_auth_type != "NoClientCert":
        raise ProblemsError(((section, "client_auth_type"), "needs a client_ca_file"))
    if config.min_version > config.max_version:
        raise ProblemsError(((section, "min_version"), "is above max_version"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version, context.maximum_version = VERSIONS[config.min_version], VERSIONS[config.max_version]
    context.verify_mode = _AUTHORITIES[config.client_auth_type]
    pem.identify(context, folder / config.cert_file, folder / config.key_file, section)
    if config.client_ca_file:
        pem.trust(context, folder / config.client_ca_file, (section, "client_ca_file"))
    return context
