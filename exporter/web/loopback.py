"""Refuses requests to the loopback address under another name: a web page may lead a browser here (DNS rebinding).

The name of the page then resolves to 127.0.0.1, so that the browser takes the exporter for the page's own site. Only
the header Host reveals it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from ipaddress import ip_address

from exporter.text import clean
from exporter.web.listener import Request, Response


def is_loopback(addresses: Iterable[str]) -> bool:
    """Whether only this machine can reach the IP addresses."""
    return all(ip_address(each.partition("%")[0]).is_loopback for each in addresses)


def refusal(request: Request) -> Response | None:
    """The answer to a request for another host, or None. A GET without Host, as in HTTP/1.0, is from no browser."""
    host = request.headers.get("host")
    if _is_local(host) if host is not None else request.method in ("GET", "HEAD"):
        return None
    text = (
        f"refused: Host is {clean(host or '')!r}, and the exporter listens on the loopback only: expected localhost, "
    )
    return Response(HTTPStatus.FORBIDDEN, f"{text}127.0.0.1 or [::1], or another --web.listen-address\n".encode())


def _is_local(host: str) -> bool:
    """Whether the header names the loopback, with any port."""
    parts = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:\d*)?", host.strip())
    if not parts:
        return False
    name = parts[1].strip("[]").lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
