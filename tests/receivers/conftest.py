"""What the tests of the receivers share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from relay import Relay, relaying

from tests.support.generations import Generation
from tests.support.shipped_routes import configure, shipped

NUMBERS = count()


@pytest.fixture(scope="module")
def programs(generation: Generation) -> Iterator[Generation]:
    """One generation, whose servers `alerting.stack.programs` finds."""
    with generation.chosen():
        yield generation


@pytest.fixture(scope="module")
def relay(programs: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """The Alertmanager of one generation with the shipped configuration, its route a second fast."""
    assert programs
    with relaying(tmp_path_factory.mktemp("relay"), as_shipped) as found:
        yield found


def as_shipped(folder: Path, url: str) -> None:
    """Write the shipped configuration, its route a second fast."""
    configure(folder, url, shipped(), group_wait="1s", group_interval="1s")


@pytest.fixture
def dataset() -> str:
    """A data set that no other test uses."""
    return f"shop-{next(NUMBERS)}"
