"""The proposal as YAML that works without an edit, with the evidence as comments."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import yaml

from exporter.config.model import Dataset
from exporter.propose import patterns
from exporter.propose.off import off
from exporter.propose.proposal import PROFILED, Proposal
from exporter.text import clean

WIDTH = 120
"""The width of comments."""

_PLAIN = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(?:[./-][A-Za-z0-9_$]+)*")


def written(proposal: Proposal, given: Sequence[str]) -> str:
    """The configuration file for the files that were given."""
    table = proposal.data.access.table
    files, why = ([patterns.of_table(proposal.data.access.files[0])], "") if table else patterns.of(given)
    settings = _settings(proposal, files)
    dataset = Dataset.model_validate(settings)
    lines = [
        *_comment("", _head(proposal)),
        "datasets:",
        "  web:",
        *_comment("    ", [why] if why else []),
        f"    files: {_value(files)}",
        *([f"    table: {table}"] if table else []),
        *_comment("    ", [_about(proposal)]),
        *_key("time_zone", settings["time_zone"], proposal.zone.evidence),
        *_key("cadence", settings["cadence"], proposal.cadence.evidence),
        *(_key("currency", settings["currency"], proposal.currency.evidence) if proposal.currency else ()),
        "    columns:",
        *_columns(proposal),
        *_purchase(proposal),
        *_taxonomy(proposal),
        *_domains(proposal),
        *_comment("    ", _off(dataset, has_times=proposal.has_times)),
        *_comment("    ", proposal.remarks),
    ]
    return "\n".join(lines) + "\n"


def _settings(proposal: Proposal, files: Sequence[str]) -> dict[str, Any]:
    """The data set without comments, as the model takes it."""
    return {
        "files": list(files),
        "time_zone": proposal.zone.value,
        "cadence": proposal.cadence.value,
        "currency": proposal.currency.value if proposal.currency else None,
        "columns": {column: _source(proposal, column) for column in proposal.columns},
        "purchase": list(proposal.purchases.names),
        "purchase_rows": proposal.lines.value if proposal.lines else "orders",
        "taxonomy": list(proposal.taxonomy.names),
        "site_domains": list(proposal.hosts),
    }


def _head(proposal: Proposal) -> Iterator[str]:
    data, export = proposal.data, proposal.export
    files = "1 file" if data.found == 1 else f"{data.found} files"
    looked = f"the {len(data.files)} written last of {files}" if data.found > len(data.files) else files
    yield f"Proposed by clickstream-init from {proposal.named} of {data.rows} events in {looked}."
    if export:
        yield f"The columns are those of {export.title}: see exporter/exports/{export.page}.md."
    else:
        yield "The columns are those of no export that is known by name, so each was found by its name and its values."
    yield "A comment is the evidence for the line below it. What every key means is in exporter/example.yml."
    yield "Paths are relative to this file. Check it: clickstream-exporter --config.file FILE --check-config"
    for each in data.unreadable:
        yield f"Not read: {each}"


def _about(proposal: Proposal) -> str:
    few = f", {PROFILED} at most" if proposal.rows < proposal.named else ""
    return f"Of the values, {proposal.rows} events were looked at{few}; of the names, {proposal.named}."


def _key(key: str, value: object, evidence: str) -> Iterator[str]:
    yield from _comment("    ", [evidence])
    yield f"    {key}: {_value(value)}"


def _columns(proposal: Proposal) -> Iterator[str]:
    for column, guess in proposal.columns.items():
        scaled = f"; {proposal.scale.evidence}" if proposal.scale and column == "revenue" else ""
        yield from _comment("      ", [guess.evidence + scaled])
        yield f"      {column}: {_value(_source(proposal, column))}"


def _source(proposal: Proposal, column: str) -> object:
    """What is written for a column: a name, or a mapping for amounts in minor units."""
    name = proposal.source(proposal.columns[column].name)
    return {"column": name, "scale": proposal.scale.value} if proposal.scale and column == "revenue" else name


def _purchase(proposal: Proposal) -> Iterator[str]:
    found = proposal.purchases
    if not found.names:
        yield from _comment(
            "    ", ["purchase: found no event that is a purchase by its name, its amount or its order id"]
        )
        return
    yield from _comment("    ", [found.why])
    if found.copies:
        yield from _comment("    ", [f"left out, because they have the same order ids: {', '.join(found.copies)}"])
    yield f"    purchase: {_value(found.names)}"
    if proposal.lines:
        yield from _key("purchase_rows", proposal.lines.value, proposal.lines.evidence)


def _taxonomy(proposal: Proposal) -> Iterator[str]:
    found = proposal.taxonomy
    if not found.names:
        yield from _comment("    ", ["taxonomy: found no event name that is frequent and looks like one"])
    else:
        yield "    taxonomy:"
        for name, number in found.names.items():
            yield f"      - {_value(name)} # {number}"
    for name, number in found.others.items():
        yield f"      # - {_value(name)} # {number}: rare or odd; expected?"
    if found.hidden:
        what = "names are not shown: they are too rare, or look like an address, a URL or an id"
        yield from _comment("      ", [f"{found.hidden} {what}"])


def _domains(proposal: Proposal) -> Iterator[str]:
    if proposal.hosts:
        pages = ", ".join(f"{number} on {host}" for host, number in proposal.hosts.items())
        yield from _key("site_domains", list(proposal.hosts), f"pages: {pages}")


def _off(dataset: Dataset, *, has_times: bool) -> Iterator[str]:
    found = off(dataset, has_times=has_times)
    if found:
        yield "Not found, and therefore these checks are off:"
    for reason, checks in found.items():
        yield f"{reason}: {', '.join(checks)}"


def _comment(indent: str, sentences: Iterable[str]) -> Iterator[str]:
    """Each sentence as comments that fit the width, in visible characters."""
    for sentence in sentences:
        lines = textwrap.wrap(
            clean(sentence, 2000), WIDTH - len(indent) - 2, break_long_words=False, break_on_hyphens=False
        )
        yield from (f"{indent}# {line}" for line in lines)


def _value(value: object) -> str:
    """A text, or a list of texts, as YAML on one line; one text alone is no list."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return f"{{column: {_text(value['column'])}, scale: {value['scale']:f}}}"
    listed = list(map(str, value)) if isinstance(value, list | tuple) else [str(value)]
    return _text(listed[0]) if len(listed) == 1 else f"[{', '.join(map(_text, listed))}]"


def _text(value: str) -> str:
    """A text that YAML reads as just that: in quotes unless it is a plain word, and with escapes for what is hidden."""
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    is_visible = clean(value, len(value)) == value
    style = "'" if is_visible else '"'
    quoted: str = yaml.safe_dump(value, default_style=style, allow_unicode=is_visible, width=float("inf"))
    return quoted.strip()
