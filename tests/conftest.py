"""What several test modules share."""

from __future__ import annotations

import generations
import pytest
from generations import Generation, UnavailableError


@pytest.fixture(scope="session", params=[generations.found, generations.newest], ids=["found", "newest"])
def generation(request: pytest.FixtureRequest) -> Generation:
    """The programs of one generation of Prometheus and Alertmanager; the second may be missing."""
    try:
        made: Generation = request.param()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    return made
