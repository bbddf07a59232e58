"""What several test modules share."""

from __future__ import annotations

import pytest

from tests.support import generations
from tests.support.generations import Generation, UnavailableError

GENERATIONS = [pytest.param(made, id=made.__name__) for made in (generations.found, generations.newest)]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module's tests on one generation are for one worker, so that its servers are started once."""
    for item in items:
        made = getattr(item, "callspec", None) and item.callspec.params.get("generation")
        if made:
            item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__} {made.__name__}"))


@pytest.fixture(scope="session", params=GENERATIONS)
def generation(request: pytest.FixtureRequest) -> Generation:
    """The programs of one generation of Prometheus and Alertmanager; the second may be missing."""
    try:
        made: Generation = request.param()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    return made
