"""While the data are bad, no outage of a server resolves the incident or opens another one."""

from __future__ import annotations

from pathlib import Path

from pager import BAD, GROUP_INTERVAL, HEALTHY, awaited, outages, paged, serve

from tests.support.generations import NEWEST_ALONE, Generation


@NEWEST_ALONE
def test_one_incident_from_bad_data_to_healed_data(generation: Generation, tmp_path: Path) -> None:
    """PagerDuty receives one trigger when data turn bad, nothing during outages, and one resolve when they heal."""
    with generation.chosen(), paged(tmp_path / "bench") as (bench, pager):
        assert pager.actions == []
        serve(bench, BAD, 2)
        assert awaited(lambda: pager.actions == ["trigger"])
        heard = {name: list(pager.actions) for name in outages(bench)}
        assert heard == {name: ["trigger"] for name in heard}
        serve(bench, HEALTHY, 3)
        assert awaited(lambda: pager.actions == ["trigger", "resolve"])
        assert not awaited(lambda: len(pager.actions) > 2, 2 * GROUP_INTERVAL)
        assert len({event.key for event in pager.events}) == 1
        assert pager.events[0].summary == "Revenue drop detected: 10565 vs baseline 33636"
