"""Sockets that systemd opened before it started the exporter."""

from __future__ import annotations

import os
import socket

FIRST = 3
"""The file descriptor of the first socket, after stdin, stdout and stderr."""


class SocketsError(Exception):
    """What is wrong with the sockets, or that there are none."""


def sockets() -> list[socket.socket]:
    """The listening TCP sockets that were passed to this process. Raises SocketsError."""
    for_us = os.environ.get("LISTEN_PID") == str(os.getpid())
    number = os.environ.get("LISTEN_FDS", "") if for_us else ""
    if not number.isdecimal() or not int(number):
        raise SocketsError("systemd passed no sockets: is there a .socket unit for this service?")
    passed = [socket.socket(fileno=FIRST + each) for each in range(int(number))]
    for each in passed:
        os.set_inheritable(each.fileno(), False)
        if each.family not in (socket.AF_INET, socket.AF_INET6) or each.type != socket.SOCK_STREAM:
            raise SocketsError("systemd passed a socket that is not TCP: expected ListenStream=[HOST:]PORT")
    return passed
