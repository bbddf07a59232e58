"""Certificates of an authority of our own, and the files that protect an exporter or let a client in."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

import bcrypt
import trustme
import yaml


class Authority:
    """An authority whose files are in a folder: ca.pem, and NAME.pem with NAME.key of whom it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._made = trustme.CA()
        self._folder = folder
        self._made.cert_pem.write_to_path(folder / "ca.pem")

    def vouch(self, name: str, *hosts: str) -> None:
        """Write a certificate for the hosts, or for 127.0.0.1, and its key."""
        made = self._made.issue_cert(*(hosts or ("127.0.0.1",)))
        (self._folder / f"{name}.pem").write_bytes(b"".join(each.bytes() for each in made.cert_chain_pems))
        made.private_key_pem.write_to_path(self._folder / f"{name}.key")

    def server(self, name: str = "server", *, asks: bool = False) -> ssl.SSLContext:
        """The TLS of a server that shows the certificate NAME.pem, and that `asks` clients for theirs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        if asks:
            context.load_verify_locations(self._folder / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self, identity: Path | None = None) -> ssl.SSLContext:
        """The TLS of a client that trusts the authority, and shows the certificate `identity`.pem, if any."""
        context = ssl.create_default_context(cafile=self._folder / "ca.pem")
        if identity:
            context.load_cert_chain(identity.with_suffix(".pem"), identity.with_suffix(".key"))
        return context


def hashed(password: str, cost: int = 6) -> str:
    """The bcrypt hash of a password."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def protect(folder: Path, users: Mapping[str, str] | None = None, **tls: str) -> str:
    """Write the web configuration of users, by name with their hashes; returns the option that names it."""
    files = {"cert_file": "server.pem", "key_file": "server.key"}
    content = {"tls_server_config": files | tls} if (folder / "server.pem").exists() else {}
    (folder / "web.yml").write_text(yaml.safe_dump(content | ({"basic_auth_users": dict(users)} if users else {})))
    return f"--web.config.file={folder / 'web.yml'}"
