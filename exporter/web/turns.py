"""Whose password is compared next: a comparison costs, and a flood of wrong ones must not shut out a right one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

AT_ONCE = 2
"""Comparisons at once: more would only take the processor from the scrapes."""

WAITING = 24
"""Requests that wait for one; half of the places for connections stay free."""

REMEMBERED = 50_000
"""Passwords that were refused without a comparison and go first when they come again: a flood of new ones does not."""


class CrowdedError(Exception):
    """The password was not compared, because too many are waiting."""


@dataclass(eq=False)
class _Waiting:
    client: str
    user: str
    key: Hashable
    compare: Callable[[], bool]
    answer: asyncio.Future[bool]


class Turns:
    """Comparisons, two at a time, those that take least of the share of others first.

    The share is that of the client, then of the user whom it names, then of the password. Requests of one password
    have one comparison together. Where too many wait, the largest share has one the fewer.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._waiting: list[_Waiting] = []
        self._running: set[Hashable] = set()
        self._refused: dict[Hashable, int] = {}

    async def take(self, client: str, user: str, key: Hashable, compare: Callable[[], bool]) -> bool:
        """What `compare` says, which is the same for the same key. Raises CrowdedError."""
        mine = _Waiting(client, user, key, compare, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        if len(self._waiting) > WAITING:
            self._refuse(self._by_share()[-1])
        self._begin()
        try:
            return await mine.answer
        finally:
            if mine in self._waiting:  # the client left
                self._waiting.remove(mine)

    def _by_share(self) -> list[_Waiting]:
        """All that wait: the smallest share first, of equal ones what was refused before, then the oldest."""
        clients = Counter(each.client for each in self._waiting)
        users = Counter((each.client, each.user) for each in self._waiting)
        keys = Counter(each.key for each in self._waiting)

        def share(each: _Waiting) -> tuple[int, int, int, int]:
            return clients[each.client], users[each.client, each.user], keys[each.key], -self._refused.get(each.key, 0)

        return sorted(self._waiting, key=share)

    def _refuse(self, one: _Waiting) -> None:
        self._waiting.remove(one)
        one.answer.set_exception(CrowdedError())
        self._refused[one.key] = self._refused.pop(one.key, 0) + 1
        if len(self._refused) > REMEMBERED:
            del self._refused[next(iter(self._refused))]

    def _begin(self) -> None:
        for each in self._by_share():
            if len(self._running) < AT_ONCE and each.key not in self._running:
                self._running.add(each.key)
                self._refused.pop(each.key, None)
                running = asyncio.get_running_loop().run_in_executor(self._pool, each.compare)
                running.add_done_callback(partial(self._end, each.key))

    def _end(self, key: Hashable, done: asyncio.Future[bool]) -> None:
        self._running.discard(key)
        for each in [each for each in self._waiting if each.key == key]:
            self._waiting.remove(each)
            if not each.answer.done():
                each.answer.set_result(not done.cancelled() and done.exception() is None and done.result())
        self._begin()
