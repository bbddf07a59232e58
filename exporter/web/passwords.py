"""Checks passwords against bcrypt hashes, in time that does not depend on the user; a match is cached.

Response times do not reveal which users exist, and a scrape with a cached password costs nothing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from functools import partial

import bcrypt

from exporter.web.turns import Turns

LONGEST = 72
"""Bytes of a password that bcrypt uses."""


class Passwords:
    """The users, each with a bcrypt hash of the password; cached matches of `earlier` stay valid for the same hash."""

    def __init__(self, users: Mapping[str, bytes], earlier: Passwords | None = None) -> None:
        self._users = dict(users)
        self._cost = max((_cost(each) for each in users.values()), default=4)
        self._none = bcrypt.gensalt(self._cost) + b"." * 31
        self._salt: bytes = earlier._salt if earlier else secrets.token_bytes(32)
        self._turns: Turns = earlier._turns if earlier else Turns()
        self._right: dict[str, bytes] = earlier._still_right(users) if earlier else {}

    async def are(self, user: str, password: bytes, client: str) -> bool:
        """Whether the user exists and this is the password. Raises CrowdedError if too many requests wait."""
        digest = hmac.digest(self._salt, b"\0".join((user.encode(), password)), "sha256")
        if hmac.compare_digest(digest, self._right.get(user, self._salt)):
            return True
        compare = partial(self._compare, user, password[:LONGEST])
        is_right = await self._turns.take(client, user, (self._users.get(user), digest), compare)
        if is_right:
            self._right[user] = digest
        return is_right

    def _still_right(self, users: Mapping[str, bytes]) -> dict[str, bytes]:
        return {user: digest for user, digest in self._right.items() if users.get(user) == self._users[user]}

    def _compare(self, user: str, password: bytes) -> bool:
        """Whether the password matches; takes as much work for any user as for the most expensive hash."""
        known = self._users.get(user, self._none)
        is_right = bcrypt.checkpw(password, known) and user in self._users
        for cost in range(
            _cost(known), self._cost
        ):  # with the comparison, these take as long as one hash of the highest cost
            bcrypt.hashpw(password, b"$2b$%02d$" % cost + self._none[7:29])
        return is_right


def _cost(hashed: bytes) -> int:
    return int(hashed[4:6])
