"""What several test modules share: the generations of servers that the tests run on."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from tests.support import generations
from tests.support.generations import Generation, SkippedError

GENERATIONS = [pytest.param(made, id=made.__name__) for made in (generations.found, generations.newest)]
"""Of Prometheus and Alertmanager."""


def pytest_report_header() -> list[str]:
    """Say which servers the tests will run on."""
    return [f"servers, {name}: {what}" for name, what in generations.described().items()]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A module's tests on one generation are for one worker, so that its servers are started once."""
    for item in items:
        made = getattr(item, "callspec", None) and item.callspec.params.get("generation")
        if made:
            item.add_marker(pytest.mark.xdist_group(f"{item.module.__name__} {made.__name__}"))
            item.user_properties.append(("generation", made.__name__))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which servers the tests ran on, and how the tests ended, also where the header was not shown."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, ()):
            if name := dict(getattr(report, "user_properties", ())).get("generation"):
                outcomes[name][outcome] += 1
    for name, what in generations.described().items() if outcomes else ():
        ended = ", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes[name].items())) or "no test"
        terminalreporter.write_line(f"servers, {name}: {what}: {ended}")


@pytest.fixture(scope="session", params=GENERATIONS)
def generation(request: pytest.FixtureRequest) -> Generation:
    """The programs of one generation; the newest ones are left out only where the variable asks for it."""
    try:
        made: Generation = request.param()
    except SkippedError as reason:
        pytest.skip(str(reason))
    return made
