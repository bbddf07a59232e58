"""Messages through a pipe, each with its length; one end may wait as it likes, the other must not wait for ever."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable
from typing import IO

_LENGTH = struct.Struct("!Q")


def write(stream: IO[bytes], pickled: bytes) -> None:
    """Send a message, however long the other end takes."""
    stream.write(_LENGTH.pack(len(pickled)) + pickled)
    stream.flush()


def read(stream: IO[bytes]) -> object:
    """The next message. Raises EOFError where none follows, or not the whole of it."""
    return pickle.loads(_whole(stream, _LENGTH.unpack(_whole(stream, _LENGTH.size))[0]))


def _whole(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content


def send(pipe: int, message: object, ready: Callable[[], None]) -> None:
    """Send through a pipe that does not block; `ready` waits until it takes something, and may raise.

    Raises BrokenPipeError where nobody reads any more.
    """
    pickled = pickle.dumps(message)
    left = memoryview(_LENGTH.pack(len(pickled)) + pickled)
    while left:
        ready()
        left = left[os.write(pipe, left) :]


def receive(pipe: int, ready: Callable[[], None]) -> object:
    """The next message of a pipe; `ready` waits until it has something, and may raise.

    Raises EOFError where nobody writes any more.
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
