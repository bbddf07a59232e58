"""The queue of password comparisons, which are expensive: a flood of wrong ones must not shut out a right one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

AT_ONCE = 2
"""Comparisons at once: more would only take CPU from scrapes."""

WAITING = 24
"""The maximum number of requests that wait for one: half of the cap on connections stays free."""

REMEMBERED = 50_000
"""Refused passwords that are remembered: they go first when they are retried, unlike a flood of new ones."""


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
    """Runs comparisons, two at a time, those of the smallest share of the queue first.

    Shares are compared by client, then by user, then by password. Requests with the same password share one comparison.
    If too many wait, one request of the largest share is refused.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._waiting: list[_Waiting] = []
        self._running: set[Hashable] = set()
        self._refused: dict[Hashable, int] = {}

    async def take(self, client: str, user: str, key: Hashable, compare: Callable[[], bool]) -> bool:
        """The result of `compare`, which is the same for equal keys. Raises CrowdedError."""
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
        """All waiting requests: the smallest share first, among equals those refused before, then the oldest."""
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
