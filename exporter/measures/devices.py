"""The device class of a visitor: mobile, desktop, tablet, bot or other."""

from __future__ import annotations

import re

from ua_parser import Result, parse

DEVICES = ("mobile", "desktop", "tablet", "bot", "other")

PLATFORMS = ("android", "ios", "windows", "macos", "chromeos", "linux", "bot", "other")

NAMES = {
    "mobile": "mobile", "phone": "mobile", "smartphone": "mobile", "mobile phone": "mobile",
    "desktop": "desktop", "computer": "desktop", "pc": "desktop", "laptop": "desktop",
    "tablet": "tablet", "bot": "bot", "crawler": "bot", "spider": "bot",
}  # fmt: skip
"""A name that a device column may have, to the device class."""

BOTS = (
    r"[Bb]ot|rawl|pider|://"  # a crawler says so, or gives the address of a page about itself
    r"|Headless|Lighthouse"  # a browser that a program drives
    r"|[A-Za-z]-User\b|ChatGPT Agent|Claude-|anthropic-ai|cohere-ai|Gemini-|NotebookLM"  # an agent on a person's behalf
    r"|Google-[A-Z]|GoogleOther|GoogleAgent|facebookexternalhit|[Mm]eta-(?:[Ee]xternal|webindexer)"  # a fetcher
    r"|^(?:[Pp]ython|curl/|Wget|Go-http-client|Scrapy|libwww-perl)"  # a library or a tool of scripts
)
"""What the user agent of a declared bot or AI agent contains. Not okhttp and the like, which apps use.

Of an event, `events.sql` searches for the words of the first two lines itself, because that is cheaper.
"""

NOT_BOTS = "Cubot"
"""A maker of phones, which BOTS would match."""

_DESKTOP_SYSTEMS = {
    "Windows",
    "Mac OS X",
    "Linux",
    "Ubuntu",
    "Fedora",
    "Debian",
    "Chrome OS",
    "FreeBSD",
    "OpenBSD",
}


def classify(agent: str) -> str:
    """The class of a device name ("Mobile", "tablet", …) or of a user agent.

    By BOTS and the regexes of uap-core: spiders are bots, an iPad or an Android without "Mobile" is a tablet.
    """
    plain = NAMES.get(agent.strip().lower())
    declared = "bot" if re.search(BOTS, agent.replace(NOT_BOTS, "")) else ""
    return plain or declared or _by_user_agent(agent, parse(agent))


def _by_user_agent(agent: str, parsed: Result) -> str:
    family = parsed.device.family if parsed.device else ""
    system = parsed.os.family if parsed.os else ""
    if family == "Spider":
        return "bot"
    if family == "iPad" or "Tablet" in agent:
        return "tablet"
    if system == "Android":
        return "mobile" if "Mobile" in agent else "tablet"
    if system in ("iOS", "Windows Phone", "KaiOS"):
        return "mobile"
    return "desktop" if system in _DESKTOP_SYSTEMS else "other"
