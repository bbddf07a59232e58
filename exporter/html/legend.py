"""How to read the tiles and the curves."""

from __future__ import annotations

from exporter.html.markup import Markup, joined, tag


def _sign(*drawn: Markup) -> Markup:
    return tag("svg", *drawn, viewBox="0 0 30 12", class_="sign", aria_hidden="true")


_SIGNS = (
    (_sign(tag("path", class_="curve", d="M0 9L10 4 20 8 30 3")), "35 days, whole ones"),
    (_sign(tag("circle", class_="newest", cx=15, cy=6, r=4)), "the newest day"),
    (_sign(tag("circle", class_="usual", cx=15, cy=6, r=4)), "what is usual for it"),
    (_sign(tag("path", class_="same", d="M8 6h0M22 6h0")), "the same weekday before"),
    (_sign(tag("path", class_="limit", d="M0 6H30")), "a limit of the configuration"),
)

_WORDS = (
    "A usual day of a weekday is the mean of the seven days before, times what this weekday usually has of its week. "
    "The conversion rate is compared with that of the seven days before, the direct share with its median of four "
    "weeks. Days that are excluded or too small are left out. A number beyond its limit is an alert only if chance "
    "does not explain it, and a drop pages only if the weekday does not, either: that is what the verdict says."
)

LEGEND = tag(
    "section",
    tag("h2", "How to read this"),
    tag("ul", *(tag("li", sign, " ", meaning) for sign, meaning in _SIGNS), class_="legend"),
    tag("p", joined(_WORDS), class_="why"),
    class_="how",
)
