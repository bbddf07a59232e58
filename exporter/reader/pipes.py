"""Messages through a pipe, each with its length; the fork server's end may block for ever, the exporter's must not."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable
from typing import IO

_LENGTH = struct.Struct("!Q")


def write(stream: IO[bytes], pickled: bytes) -> None:
    """Send a message; blocks as long as the other end takes."""
    stream.write(_LENGTH.pack(len(pickled)) + pickled)
    stream.flush()


def read(stream: IO[bytes]) -> object:
    """The next message. Raises EOFError if there is none, or only part of one."""
    return pickle.loads(_whole(stream, _LENGTH.unpack(_whole(stream, _LENGTH.size))[0]))


def _whole(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def send(pipe: int, message: object, ready: Callable[[], None]) -> None:
    """Send through a non-blocking pipe; `ready` waits until it is writable, and may raise.

    Raises BrokenPipeError if the other end is closed.
    """
    pickled = pickle.dumps(message)
    remaining = memoryview(_LENGTH.pack(len(pickled)) + pickled)
    while remaining:
        ready()
        remaining = remaining[os.write(pipe, remaining) :]


def receive(pipe: int, ready: Callable[[], None]) -> object:
    """The next message from a pipe; `ready` waits until it is readable, and may raise.

    Raises EOFError if the other end is closed.
    """
    return pickle.loads(_received(pipe, _LENGTH.unpack(_received(pipe, _LENGTH.size, ready))[0], ready))


def _received(pipe: int, size: int, ready: Callable[[], None]) -> bytes:
    content = bytearray()
    while len(content) < size:
        ready()
        part = os.read(pipe, size - len(content))
        if not part:
            raise EOFError
        content += part
    return bytes(content)
