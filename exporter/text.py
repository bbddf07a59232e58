"""Text in messages and labels: what comes from the data is made short, valid and harmless; a typo is recognised."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

LONGEST = 120
"""The maximum length of a label value, in characters; longer ones are cut."""

_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}

_PERSONAL = re.compile(r"@|%40|://|^www\.|^/")
"""Part of an e-mail address or a URL."""


def is_personal(text: str) -> bool:
    """Whether the text, such as an event name, looks like an e-mail address or a URL, and is not shown."""
    return bool(_PERSONAL.search(text))


def clean(text: str, longest: int = LONGEST) -> str:
    """`text` as one line of visible characters: control, bidi, private and broken ones become `?`."""
    visible = "".join("?" if unicodedata.category(character) in _HIDDEN else character for character in text[:longest])
    return unicodedata.normalize("NFC", visible) + ("…" if len(text) > longest else "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`, did you mean x?` with the known name that is most like `name`; empty if none is."""
    by_case = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), by_case, n=1, cutoff=0.7)
    return f", did you mean {by_case[found[0]]}?" if found else ""
