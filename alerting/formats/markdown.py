"""The verdict for a ticket or a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from alerting.formats.advice import advice
from alerting.formats.outline import about, judged, not_judged, owner, plain, sections, word
from alerting.gate.verdict import Line, Verdict

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKUP = re.compile(r"[\\`*_{}\[\]()#|~$!]")
_BEGINNING = re.compile(r"^(?=[-+=])|^\d+(?=[.)])")
"""Characters that would begin a list or underline a heading."""

_MENTIONS_AND_LINKS = re.compile(r"[@#]|:(?=//|[\w+-]+:)|(?<=www)\.|(?<=GH)-", re.IGNORECASE)
"""What chats and trackers interpret even when escaped: @name, #1, https://, :smile:, www., GH-1."""

_INVISIBLE = "\u200b"
"""A zero-width space: it breaks up what would become a mention or a link."""

_LINK = re.compile(r"https?://[\w.~:/?#@!$&'*+,;=%-]+", re.ASCII)


def markdown(verdict: Verdict) -> str:
    """The verdict as CommonMark, in which names from the data are plain text."""
    blocks = [f"**{word(verdict)}** {escape(about(verdict))}"]
    if named := owner(verdict):
        blocks.append(f"Owner: {escape(named)}")
    if verdict.proven:
        blocks += [_block(section.title, [_alert(line) for line in section.lines]) for section in sections(verdict)]
        blocks.append(_block(judged(verdict), [escape(each) for each in not_judged(verdict)]))
    else:
        blocks += _listed("Reasons", verdict.missing)
        blocks += _listed("What to do", advice(verdict))
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """The text, escaped so that nothing becomes markup, a link or a mention in Markdown, HTML or Slack."""
    cut = _MENTIONS_AND_LINKS.sub(rf"\g<0>{_INVISIBLE}", plain(text))
    return _BEGINNING.sub(r"\g<0>\\", _MARKUP.sub(r"\\\g<0>", cut)).translate(_ENTITIES)


def _alert(line: Line) -> str:
    """An alert on one or two lines; its runbook is a link where it is a URL."""
    runbook = plain(line.runbook)
    linked = f" ([runbook]({runbook}))" if _LINK.fullmatch(runbook) else f" ({escape(runbook)})" if runbook else ""
    explained = f"\n  {escape(line.description)}" if line.description else ""
    return f"**{line.severity}** {escape(line.message)}{linked}{explained}"


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield _block(title, [escape(item) for item in items])


def _block(title: str, items: Sequence[str]) -> str:
    return "\n".join([f"**{title}**", *([""] if items else []), *(f"- {item}" for item in items)])
