"""What several test modules share."""

from __future__ import annotations

import generations
import pytest
from generations import Generation, UnavailableError

GENERATIONS = [
    pytest.param(made, id=made.__name__, marks=pytest.mark.xdist_group(made.__name__))
    for made in (generations.found, generations.newest)
]
"""Each of them on one worker, so that its servers are started once."""


@pytest.fixture(scope="session", params=GENERATIONS)
def generation(request: pytest.FixtureRequest) -> Generation:
    """The programs of one generation of Prometheus and Alertmanager; the second may be missing."""
    try:
        made: Generation = request.param()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    return made
