"""Whether a password is right: at the cost of a hash, which is the same whoever is named, and once only.

Nobody learns from the time whether there is a user, and a scrape with the password that was right before costs nothing.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from functools import partial

import bcrypt

from exporter.web.turns import Turns

LONGEST = 72
"""Bytes of a password that bcrypt looks at."""


class Passwords:
    """The users, each with a bcrypt hash of the password; what was right for the same hash `earlier` still is."""

    def __init__(self, users: Mapping[str, bytes], earlier: Passwords | None = None) -> None:
        self._users = dict(users)
        self._cost = max((_cost(each) for each in users.values()), default=4)
        self._none = bcrypt.gensalt(self._cost) + b"." * 31
        self._salt: bytes = earlier._salt if earlier else secrets.token_bytes(32)
        self._turns: Turns = earlier._turns if earlier else Turns()
        self._right: dict[str, bytes] = earlier._still_right(users) if earlier else {}

    async def are(self, user: str, password: bytes, client: str) -> bool:
        """Whether there is such a user, and this is the password. Raises CrowdedError where too many ask that."""
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
        """The comparison, with as much work for every user as for the one whose hash costs most."""
        known = self._users.get(user, self._none)
        is_right = bcrypt.checkpw(password, known) and user in self._users
        for cost in range(_cost(known), self._cost):  # a hash costs as much as those of all lower costs and a last one
            bcrypt.hashpw(password, b"$2b$%02d$" % cost + self._none[7:29])
        return is_right


def _cost(hashed: bytes) -> int:
    return int(hashed[4:6])
