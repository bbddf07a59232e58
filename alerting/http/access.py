"""Access to a protected server."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Access:
    """TLS, the host name to expect in the certificate if it is not that of the URL, and the Authorization header."""

    tls: ssl.SSLContext
    server_name: str | None = None
    authorization: str | None = field(default=None, repr=False)
