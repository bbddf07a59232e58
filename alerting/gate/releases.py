"""Which part is the older one, where rules, exporter and report are of different releases."""

from __future__ import annotations

import re
from importlib.metadata import version


def own() -> str:
    """The release of this report."""
    return version("clickstream-exporter")


def compared(part: str, theirs: str) -> str:
    """That a part, such as `the rules`, is of another release, and which of both is older; empty if it is the same.

    The first rules named no release.
    """
    if theirs == own():
        return ""
    named = f"of release {theirs}" if theirs else "of an earlier release"
    older = part if _order(theirs) < _order(own()) else "this report"
    verb = "are" if part.endswith("rules") else "is"
    return f"{part} {verb} {named}, this report is of {own()}: upgrade {older}, the older part"


def _order(release: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", release)))
