"""The device class of a visitor: mobile, desktop, tablet, bot or other."""

from __future__ import annotations

from ua_parser import Result, parse

DEVICES = ("mobile", "desktop", "tablet", "bot", "other")

PLATFORMS = ("android", "ios", "windows", "macos", "chromeos", "linux", "bot", "other")

NAMES = {
    "mobile": "mobile", "phone": "mobile", "smartphone": "mobile", "mobile phone": "mobile",
    "desktop": "desktop", "computer": "desktop", "pc": "desktop", "laptop": "desktop",
    "tablet": "tablet", "bot": "bot", "crawler": "bot", "spider": "bot",
}  # fmt: skip
"""A name that a device column may have, to the device class."""

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

    By the regexes of uap-core: spiders are bots, an iPad or an Android without "Mobile" is a tablet.
    """
    plain = NAMES.get(agent.strip().lower())
    return plain or _by_user_agent(agent, parse(agent))


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
