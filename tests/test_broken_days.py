"""Broken days are reported by their right name, and nobody is paged for healthy ones: real servers, one draw a kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from alerting import check, rulefile
from alerting.gate.proof import Proof
from alerting.gate.verdict import PASS, Verdict
from tests.broken_days import KINDS, Kind
from tests.broken_days.watching import watch

pytestmark = pytest.mark.xdist_group("tests/test_broken_days.py")  # so that the days are measured once

SEED = "1"
NEWEST = date(2025, 3, 16)

JUDGED_KINDS = [each for each in KINDS.values() if not each.refused]
REFUSED_KINDS = [each for each in KINDS.values() if each.refused]


def named(kinds: list[Kind]) -> list[object]:
    """Each kind as a parameter with the promise and the name in its id."""
    return [pytest.param(each, id=f"{each.promise}-{each.name}") for each in kinds]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Verdict | str]:
    """The verdict about a draw of each kind, or why there is none."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    by_hand = [each for each in JUDGED_KINDS if not each.clocked]
    clocked = [each for each in JUDGED_KINDS if each.clocked]
    folder = tmp_path_factory.mktemp("days")
    return judged(by_hand, NEWEST, folder, f"--as-of={NEWEST}") | judged(clocked, yesterday, folder)


def judged(kinds: list[Kind], newest: date, parent: Path, *options: str) -> dict[str, Verdict | str]:
    """What real servers say about a draw of each kind, all of them data sets of one exporter."""
    folder = parent / ("clocked" if not options else "by-hand")
    watched = watch({each.name: each.draw(SEED, newest) for each in kinds}, folder, *options)
    with watched.judged() as (_, proofs):
        return {name: each.verdict if isinstance(each, Proof) else each for name, each in proofs.items()}


@pytest.mark.parametrize("kind", named([each for each in JUDGED_KINDS if each.must]))
def test_what_is_wrong_is_reported(verdicts: Mapping[str, Verdict | str], kind: Kind) -> None:
    """The alert of the fault is reported at its severity or above, and no critical of another check."""
    verdict = verdicts[kind.name]
    assert isinstance(verdict, Verdict), verdict
    wrong = kind.wrong(verdict.lines)
    assert not wrong, wrong


@pytest.mark.parametrize("kind", named([each for each in JUDGED_KINDS if "CRITICAL" not in each.must.values()]))
def test_nobody_is_paged_needlessly(verdicts: Mapping[str, Verdict | str], kind: Kind) -> None:
    """A healthy day passes, however unusual, and so does one that a warning or a remark is about."""
    verdict = verdicts[kind.name]
    assert isinstance(verdict, Verdict), verdict
    critical = {line.check: line.message for line in verdict.lines if line.severity == "CRITICAL"}
    needless = {name: message for name, message in critical.items() if name not in kind.besides}
    assert not needless, needless
    assert critical or verdict.status == PASS


@pytest.mark.parametrize("kind", named(REFUSED_KINDS))
def test_what_cannot_be_judged_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: Kind) -> None:
    """No verdict, and the reason names the folder."""
    folder = tmp_path / "days"
    watched = watch({kind.name: kind.draw(SEED, NEWEST)}, folder)
    assert check.main([str(watched.config), f"--as-of={NEWEST}", "--timeout=60"]) in {2, 64}
    said = "".join(capsys.readouterr())
    assert "table" in said
    assert f"{folder / kind.name}" in said


def test_the_catalogue_names_shipped_checks() -> None:
    """What must or may be reported of a kind are names of checks."""
    named = {each for kind in KINDS.values() for each in (*kind.must, *kind.besides)}
    assert named - set(rulefile.checks()) == set()
