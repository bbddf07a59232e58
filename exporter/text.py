"""Label values: text from the data is made short, valid and harmless before it reaches a gauge."""

from __future__ import annotations

import unicodedata

LONGEST = 120
"""The maximum length of a label value, in characters; longer ones are cut."""

_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def clean(text: str, longest: int = LONGEST) -> str:
    """`text` as one line of visible characters: control, bidi, private and broken ones become `?`."""
    visible = "".join("?" if unicodedata.category(character) in _HIDDEN else character for character in text[:longest])
    return unicodedata.normalize("NFC", visible) + ("…" if len(text) > longest else "")
