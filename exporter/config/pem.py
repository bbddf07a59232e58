"""TLS from PEM files: a problem is reported at the key that names the file, and never shows the file's content."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import Field

from exporter.config.strict_yaml import ProblemsError
from exporter.config.yaml_lines import Place

File = Annotated[str, Field(min_length=1)]
"""The path of a file, relative to the one that names it."""


def bytes_of(file: Path, place: Place) -> bytes:
    """The content of a file. Raises ProblemsError, at the place of the key."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ProblemsError((place, f"{file}: {error.strerror}")) from None
    except ValueError:
        raise ProblemsError((place, "not a valid path")) from None


def trust(context: ssl.SSLContext, file: Path, place: Place) -> None:
    """Trust the certificate authorities in the file. Raises ProblemsError, at the place of the key."""
    bytes_of(file, place)
    try:
        context.load_verify_locations(file)
    except (ssl.SSLError, OSError):
        raise ProblemsError((place, f"{file}: no certificates in PEM")) from None


def identify(context: ssl.SSLContext, cert: Path, key: Path, section: str) -> None:
    """Present the certificate to the peer; `section` has the keys cert_file and key_file. Raises ProblemsError."""
    bytes_of(cert, (section, "cert_file"))
    bytes_of(key, (section, "key_file"))
    try:
        context.load_cert_chain(cert, key, password=lambda: "")  # without it, OpenSSL would prompt on the terminal
    except (ssl.SSLError, OSError) as error:
        trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), cert, (section, "cert_file"))  # or this is the problem
        is_other = isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH"
        what = "not the key of the certificate" if is_other else "no private key in PEM without a passphrase"
        raise ProblemsError(((section, "key_file"), f"{key}: {what}")) from None
