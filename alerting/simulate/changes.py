"""What other limits change: the days on which a check newly fires or no longer does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from pydantic import ValidationError

from alerting.gate.proof import UsageError
from alerting.gate.verdict import Verdict
from alerting.simulate.judged import Days
from exporter.config.checks import Limits
from exporter.text import did_you_mean


@dataclass(frozen=True)
class Change:
    """How an alert of a check on a day differs: its severity `before` and `after`, empty where it does not fire."""

    date: date
    check: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.date} {self.check} newly fires ({self.after})"
        if not self.after:
            return f"{self.date} {self.check} no longer fires ({self.before})"
        return f"{self.date} {self.check}: {self.before} becomes {self.after}"


INHIBITED = "inhibited"


def changes(before: Days, after: Days) -> list[Change]:
    """Every change, in the order of the days; days that could not be judged have none."""
    return [each for when in before for each in _changes(when, before[when], after[when])]


def _changes(when: date, before: Verdict, after: Verdict) -> Iterator[Change]:
    if before.proven and after.proven:
        one, two = _severities(before), _severities(after)
        for check in sorted({*one, *two}):
            if one.get(check) != two.get(check):
                yield Change(when, check, one.get(check, ""), two.get(check, ""))


def _severities(verdict: Verdict) -> dict[str, str]:
    hidden = {line.check: INHIBITED for line in verdict.inhibited}
    return hidden | {line.check: line.severity for line in verdict.lines}


def tried(limits: Limits, settings: Sequence[str]) -> Limits | None:
    """The limits with the settings of --limit, each as `NAME=VALUE`; None without any. Raises UsageError."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not text:
            raise UsageError(f"--limit {setting}: expected NAME=VALUE, for example revenue_drop_ratio=0.5")
        if name not in Limits.model_fields:
            raise UsageError(f"--limit {setting}: unknown limit {name!r}{did_you_mean(name, Limits.model_fields)}")
        values[name] = _number(setting, text)
    try:
        return Limits.model_validate(limits.model_dump() | values) if values else None
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc']))}: {_message(each)}" for each in error.errors()]
        raise UsageError("\n".join(f"--limit {problem}" for problem in problems)) from None


def _message(detail: Any) -> str:
    text = str(detail["msg"]).removeprefix("Value error, ")
    return text[:1].lower() + text[1:] + ("" if detail["type"] == "value_error" else f", not {detail['input']!r}")


def _number(setting: str, text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(f"--limit {setting}: invalid number {text!r}") from None
