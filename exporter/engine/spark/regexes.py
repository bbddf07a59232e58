"""Regexes of RE2, as DuckDB reads them, for Java: only what both read alike once it is written out."""

from __future__ import annotations

import re

ESCAPED = {"d": "[0-9]", "w": "[0-9A-Za-z_]", "s": r"[\t\n\f\r ]", "D": "[^0-9]", "W": "[^0-9A-Za-z_]"}
"""Classes of ASCII in RE2, which Java reads otherwise, or may."""

IN_CLASS = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}

_FLAGS = re.compile(r"\(\?i\)")
_TOKEN = re.compile(
    r"(?P<escape>\\.)|(?P<class>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<group>\((?:\?:|(?!\?)))|(?P<close>\))|(?P<or>\|)"
    r"|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)|(?P<start>\^)|(?P<end>\$)|(?P<any>\.)|(?P<plain>[^\\\[\]{}()|*+?^$.])",
    re.DOTALL,
)


class RegexError(Exception):
    """A regex that may mean something else in Java: what."""


def java(pattern: str) -> str:
    """The regex for Java that matches what `pattern` matches in RE2. Raises RegexError."""
    flags = "(?iu)" if _FLAGS.match(pattern) else ""
    rest = pattern[4:] if flags else pattern
    if flags and not rest.isascii():
        raise RegexError("letters that are not ASCII, ignoring case")
    found, place, repeated = [flags], 0, False
    while place < len(rest):
        token = _TOKEN.match(rest, place)
        if not token:
            raise RegexError(repr(rest[place : place + 10]))
        if token.lastgroup == "repeat" and repeated:
            raise RegexError(f"{token[0]!r} after a repetition")
        found.append(_java(token))
        place, repeated = token.end(), token.lastgroup == "repeat"
    return "".join(found)


WRITTEN = {"end": r"\z", "start": r"\A", "any": r"[^\n]"}
"""What RE2 means by $, ^ and . without flags."""


def _java(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "escape":
            return _escape(token[0])
        case "class":
            return _class(token[0])
        case "plain":
            return token[0] if token[0].isalnum() or token[0] in "_ " or not token[0].isascii() else f"\\{token[0]}"
        case _:
            return WRITTEN.get(token.lastgroup or "", token[0])


def _escape(text: str) -> str:
    letter = text[1]
    if letter in ESCAPED:
        return ESCAPED[letter]
    if letter in "ntfr" or (letter.isascii() and not letter.isalnum()):
        return text
    raise RegexError(repr(text))


def _class(text: str) -> str:
    """A class of characters, with what only Java reads in it escaped."""
    negated, inside = ("^", text[2:-1]) if text.startswith("[^") else ("", text[1:-1])
    if "[:" in inside:
        raise RegexError(repr(text))
    parts = re.findall(r"\\.|.", inside, re.DOTALL)
    return f"[{negated}{''.join(map(_member, parts))}]"


def _member(part: str) -> str:
    if part.startswith("\\"):
        if part[1] in IN_CLASS:
            return IN_CLASS[part[1]]
        return _escape(part)
    return f"\\{part}" if part in "[]&^~" else part
