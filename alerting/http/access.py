"""How to be let in by servers."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Access:
    """TLS, the host name that the certificate must have if it is not that of the URL, and the header that lets in."""

    tls: ssl.SSLContext
    server_name: str | None = None
    authorization: str | None = field(default=None, repr=False)
