"""HTML in which text stays text: whatever is no `Markup` is escaped, and only its visible characters are kept."""

from __future__ import annotations

import html
import re

_VOID = {"br", "circle", "link", "meta", "path"}
"""Elements without content, which end with their start tag; those of SVG need a slash."""

_LINK = re.compile(r"https?://[\w.~:/?#@!$&'*+,;=%\[\]-]+", re.ASCII)


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: object) -> Markup:
    """The value as text, escaped, with `?` in place of control, bidi and other invisible characters."""
    if isinstance(value, Markup):
        return value
    visible = "".join(each if each.isprintable() else "?" for each in str(value))
    return Markup(html.escape(visible))


def joined(*content: object, by: str = "") -> Markup:
    """The contents one after another, each escaped unless it is markup."""
    return Markup(by.join(map(text, content)))


def tag(name: str, /, *content: object, **attributes: str | float | None) -> Markup:
    """An element; `class_` is the attribute class, `aria_label` aria-label, and None leaves an attribute out."""
    named = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{named}/>")
    return Markup(f"<{name}{named}>{joined(*content)}</{name}>")


def link(url: str, shown: object) -> Markup:
    """A link where the URL is an absolute one of HTTP; otherwise only what would be shown."""
    return tag("a", shown, href=url, rel="noreferrer") if _LINK.fullmatch(url) else text(shown)


def listed(items: list[Markup] | list[str]) -> Markup:
    """The items as a list; nothing without any."""
    return tag("ul", *(tag("li", each) for each in items)) if items else Markup()
