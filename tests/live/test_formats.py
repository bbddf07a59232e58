"""The verdict as text, Markdown and JUnit: exactly, and with names that want to be more than text."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from alerting import rulefile
from alerting.formats.advice import ADVICE, LAST, OTHERWISE
from alerting.formats.markdown import escape, markdown
from alerting.formats.outline import basis, not_judged, plain
from alerting.formats.printed import FORMATS, printed
from alerting.formats.text import text
from alerting.gate import diagnosis, judge, pace, proof, scrape, witness
from alerting.gate.verdict import Line, Subject, Verdict, unknown
from alerting.stack.stack import Stack, running
from exporter.demo.write import write_demo
from tests.support.generations import Generation
from tests.support.pages import text_of

TEXT = """\
FAIL      data set shop, 2025-03-09: 1 CRITICAL, 3 WARN

Effects (business)
  CRITICAL  Revenue drop detected: 10890 EUR vs baseline 33139 EUR
            On 2025-03-09, over its 24 complete hours, revenue is 69.38% under the 35570 EUR that a
            Sunday brings (7-day mean x 1.07). A usual day is 2.7% off, so the limit here is 40.00%.
            Purchases with an amount: 14 of 44 expected, 68.18% fewer; chance explains 45.2%. All
            day there are fewer purchases than usual. All devices and channels fell alike.
            alerting/runbooks/RevenueDrop.md
  WARN      Conversion rate drop detected: 1.62% vs baseline 4.07%
            On 2025-03-09, over its 24 complete hours, the share of sessions with a purchase is
            60.15% lower than its baseline; the limit is 30.00%, and chance explains 54.79%.
            alerting/runbooks/ConversionRateDrop.md

Warnings and notes
  WARN      High null client_id rate: 34.18%
            On 2025-03-09, 1192 of 3487 events have no client id, or a placeholder; the limit is
            20.00%, or 5.00 percentage points above the baseline. The baseline is the median of up
            to four weeks.
            alerting/runbooks/NullClientIds.md
  WARN      JSON parse error rate high: 2.79%
            On 2025-03-09, 11 of 394 payloads are not valid JSON; the limit is 1.00%, so up to 8 may
            be chance.
            alerting/runbooks/JsonErrors.md

{judged} of {checks} checks judged, 1 off
  - DataStale: --as-of sets the newest day, so its age has no meaning
"""

MARKDOWN = r"""**FAIL** data set shop, 2025-03-09: 1 CRITICAL, 3 WARN

**Effects (business)**

- **CRITICAL** Revenue drop detected: 10890 EUR vs baseline 33139 EUR (alerting/runbooks/RevenueDrop.md)
  On 2025-03-09, over its 24 complete hours, revenue is 69.38% under the 35570 EUR that a Sunday brings \(7-day mean x 1.07\). A usual day is 2.7% off, so the limit here is 40.00%. Purchases with an amount: 14 of 44 expected, 68.18% fewer; chance explains 45.2%. All day there are fewer purchases than usual. All devices and channels fell alike.
- **WARN** Conversion rate drop detected: 1.62% vs baseline 4.07% (alerting/runbooks/ConversionRateDrop.md)
  On 2025-03-09, over its 24 complete hours, the share of sessions with a purchase is 60.15% lower than its baseline; the limit is 30.00%, and chance explains 54.79%.

**Warnings and notes**

- **WARN** High null client\_id rate: 34.18% (alerting/runbooks/NullClientIds.md)
  On 2025-03-09, 1192 of 3487 events have no client id, or a placeholder; the limit is 20.00%, or 5.00 percentage points above the baseline. The baseline is the median of up to four weeks.
- **WARN** JSON parse error rate high: 2.79% (alerting/runbooks/JsonErrors.md)
  On 2025-03-09, 11 of 394 payloads are not valid JSON; the limit is 1.00%, so up to 8 may be chance.

**{judged} of {checks} checks judged, 1 off**

- DataStale: --as-of sets the newest day, so its age has no meaning
"""  # noqa: E501

PARTIAL = Verdict(
    "2025-03-09",
    (
        Line("CRITICAL", "Partial day: 2025-03-09 ends at 05:29", "PartialDay", "pipeline", "Why.", "https://r/P.md"),
        Line(
            "INFO",
            "Baseline short: 2 of 3 days needed; switched off: JsonErrors, MissingUtm",
            "BaselineShort",
            checks_off=("JsonErrors", "MissingUtm"),
        ),
        Line("INFO", "Silenced until 2025-03-10 12:00 UTC: Duplicate rate high: 0.25%", "DuplicateEvents"),
    ),
    proven=True,
    dataset="shop",
    snapshot=7,
    inhibited=(Line("INFO", "Inhibited by PartialDay: Revenue drop", "RevenueDrop", "business", "Why.", "r/R.md"),),
    switched_off=("DataStale", "JsonErrors", "MissingUtm", "NullClientIds"),
    checks=30,
)
HEALTHY = Verdict("2025-03-08", (), proven=True, dataset="shop", snapshot=7, checks=30)
UNKNOWN = unknown(
    Subject("shop", "2025-03-09", 7),
    "no fresh certificate for data set shop in Alertmanager within 60 s",
    "Prometheus does not answer: http://127.0.0.1:9090/api/v1/rules: connection refused",
)


@pytest.fixture(scope="module")
def stack(generation: Generation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Running servers of one generation on the demo's last day."""
    config = write_demo(tmp_path_factory.mktemp("demo"), date(2025, 3, 9))
    with (
        generation.chosen(),
        running(tmp_path_factory.mktemp("stack"), config, ("--as-of", "2025-03-09"), "3s") as made,
    ):
        yield made


def command(stack: Stack, *arguments: str) -> list[str]:
    """The command line of a report on the running servers."""
    urls = ["--exporter.url", stack.exporter, "--alertmanager.url", stack.alertmanager]
    urls += ["--prometheus.url", stack.prometheus]
    return [sys.executable, "-m", "alerting.report", *urls, *arguments]


def shown(verdict: Verdict, form: str, encoding: str = "utf-8") -> str:
    """The output where stdout is not a terminal."""
    return printed(verdict, form, io.TextIOWrapper(io.BytesIO(), encoding))


@pytest.mark.parametrize(("form", "expected"), [("text", TEXT), ("markdown", MARKDOWN)])
def test_a_failing_day_is_printed(stack: Stack, form: str, expected: str) -> None:
    """The report of the demo's broken day, to the letter; the exit code says FAIL."""
    done = subprocess.run(command(stack, "--format", form), capture_output=True, text=True, check=False)
    checks = len(rulefile.checks())
    assert done.stdout == expected.format(checks=checks, judged=checks - 1)
    assert done.returncode == 1


def test_the_readme_shows_the_text() -> None:
    """The example is the beginning of what the demo's broken day prints."""
    readme = (Path(__file__).parents[2] / "alerting" / "README.md").read_text("utf-8")
    (shown,) = re.findall(r"```\n(FAIL .*?)```", readme, re.DOTALL)
    assert TEXT.startswith(shown)


def test_html_has_the_verdict_and_the_numbers(stack: Stack) -> None:
    """The page of the demo's broken day: every alert with its explanation, and the numbers behind it."""
    done = subprocess.run(command(stack, "--format", "html"), capture_output=True, text=True, check=False)
    shown = text_of(done.stdout)
    assert "Sunday, 9 March 2025" in shown
    assert "FAIL judged, and something critical fires" in shown
    assert "revenue is 69.38% under the 35570 EUR that a Sunday brings" in shown
    assert "Revenue 10,890 EUR ! below its limit 69% below a usual Sunday: 35,570 EUR 7-day mean 33,139 EUR" in shown
    assert done.stdout.count('class="curve"') == 7
    assert done.returncode == 1


def test_html_without_the_exporter_has_the_verdict_alone(stack: Stack) -> None:
    """Where the day is named, no exporter is asked unless it is named, too."""
    urls = ["--alertmanager.url", stack.alertmanager, "--prometheus.url", stack.prometheus]
    line = [sys.executable, "-m", "alerting.report", *urls, "--date=2025-03-09", "--dataset=shop", "--format=html"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert "the numbers of the day are not here" in text_of(done.stdout)
    assert ("Revenue drop detected" in done.stdout, done.returncode) == (True, 1)


def test_junit_on_stdout_is_the_file(stack: Stack, tmp_path: Path) -> None:
    """`--format junit` prints what `--junit` writes."""
    file = tmp_path / "events.xml"
    done = subprocess.run(
        command(stack, "--format", "junit", "--junit", str(file)), capture_output=True, text=True, check=False
    )
    assert done.stdout == file.read_text("utf-8")
    assert '<failure message="Revenue drop detected: 10890 EUR vs baseline 33139 EUR" />' in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_only_a_terminal_gets_colours(stack: Stack, no_color: str, coloured: bool) -> None:
    """The same text in colours, unless NO_COLOR is set."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command(stack, "--format", "text"),
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": no_color, "COLUMNS": "100"},
    )
    os.close(follower)
    said = b""
    while chunk := _read(leader):
        said += chunk
    os.close(leader)
    assert process.wait() == 1
    assert (b"\x1b[31mFAIL\x1b[0m      data set shop" in said) == coloured
    assert said.replace(b"\r\n", b"\n").replace(b"\x1b[0m", b"").count(b"\x1b[") == (5 if coloured else 0)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the other side is closed.
        return b""


def test_the_cause_comes_first_and_what_it_hides_after_it() -> None:
    """Causes, effects, remarks, and why some checks did not judge."""
    assert text(PARTIAL) == (
        """\
FAIL      data set shop, 2025-03-09: 1 CRITICAL, 2 INFO, 1 inhibited

Causes (pipeline)
  CRITICAL  Partial day: 2025-03-09 ends at 05:29
            Why.
            https://r/P.md

Effects (business)
  INFO      Inhibited by PartialDay: Revenue drop
            r/R.md

Warnings and notes
  INFO      Silenced until 2025-03-10 12:00 UTC: Duplicate rate high: 0.25%

26 of 30 checks judged, 4 off
  - Baseline short: 2 of 3 days needed; switched off: JsonErrors, MissingUtm
  - DataStale: --as-of sets the newest day, so its age has no meaning
  - NullClientIds: the gauges they need are missing
"""
    )
    assert "- **CRITICAL** Partial day: 2025-03-09 ends at 05:29 ([runbook](https://r/P.md))\n  Why.\n" in markdown(
        PARTIAL
    )


def test_a_healthy_day_is_one_line() -> None:
    """Nothing fires, and there are no empty sections."""
    assert text(HEALTHY) == "PASS      data set shop, 2025-03-08: nothing fires\n\n30 of 30 checks judged\n"
    assert markdown(HEALTHY) == "**PASS** data set shop, 2025-03-08: nothing fires\n\n**30 of 30 checks judged**\n"


def test_an_unknown_verdict_gives_reasons_and_what_to_do() -> None:
    """Each reason, the step that fixes it, and that the data cannot be trusted until then."""
    assert text(UNKNOWN) == (
        """\
UNKNOWN   data set shop, 2025-03-09: no verdict could be proven, which counts as FAIL

Reasons
  - no fresh certificate for data set shop in Alertmanager within 60 s
  - Prometheus does not answer: http://127.0.0.1:9090/api/v1/rules: connection refused

What to do
  - Start Prometheus, or give its address with --prometheus.url.
  - Then run the same command again. Until it prints PASS, do not trust the data.
"""
    )
    found = markdown(UNKNOWN)
    assert found.startswith("**UNKNOWN** data set shop, 2025-03-09: no verdict")
    assert f"- Start Prometheus, or give its address with --prometheus.url.\n- {LAST}\n" in found
    assert f"  - {OTHERWISE}" in text(unknown(Subject(), "something new"), width=200)


def test_the_advice_is_about_what_the_gate_says() -> None:
    """A phrase that the gate no longer says would silently advise nobody."""
    modules = (judge, proof, witness, diagnosis, pace, scrape)
    said = "".join(Path(str(module.__file__)).read_text("utf-8") for module in modules)
    assert [phrase for phrase in ADVICE if phrase not in said] == []


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("verdict", [PARTIAL, HEALTHY, UNKNOWN], ids=["FAIL", "PASS", "unknown"])
def test_every_form_has_every_verdict(verdict: Verdict, form: str) -> None:
    """The word is there, and a machine can read what is for machines."""
    found = shown(verdict, form)
    assert (verdict.status if verdict.proven else "UNKNOWN") in found or form in ("json", "junit", "emf")
    if form in ("json", "emf"):
        assert json.loads(found)["status"] == verdict.status
    assert found.endswith("\n")


def test_json_is_what_it_always_was() -> None:
    """Exactly three keys, and two of an alert."""
    message = "Not judged: " + "; ".join(UNKNOWN.missing)
    report = {"date": "2025-03-09", "alerts": [{"severity": "CRITICAL", "message": message}], "status": "FAIL"}
    assert shown(UNKNOWN, "json") == json.dumps(report, indent=2) + "\n"


@pytest.mark.parametrize("form", ["json", "text", "markdown", "html", "junit"])
def test_a_stdout_without_our_letters_gets_the_rest(form: str) -> None:
    """An ASCII stdout still gets the output."""
    verdict = Verdict("2025-03-09", (Line("WARN", "caf\u00e9 \U0001f600", "JsonErrors"),), proven=True, dataset="shop")
    assert "caf" in shown(verdict, form, "ascii")
    assert shown(verdict, form, "ascii").isascii()


def test_every_report_states_its_basis() -> None:
    """How many checks judged, how many are off, and why: on one line, in the details, and as a test report."""
    assert basis(HEALTHY) == "PASS: 30 of 30 checks judged"
    said = "Baseline short: 2 of 3 days needed; switched off: JsonErrors, MissingUtm"
    assert basis(PARTIAL) == f"FAIL: 26 of 30 checks judged, 4 off: {said}"
    details = json.loads(printed(PARTIAL, "json", sys.stdout, details=True))["details"]
    assert (details["judged"], details["switched_off"]) == (26, list(PARTIAL.switched_off))
    assert details["reasons"][0] == said
    junit = shown(PARTIAL, "junit")
    assert '<property name="judged" value="26" />' in junit
    assert f'<skipped message="{said}" />' in junit


def test_who_switched_a_check_off_by_hand_is_told_why() -> None:
    """The words of the owner, and a limit that cannot be reached, are reasons like others."""
    lines = (
        Line(
            "INFO",
            "Limit out of reach: direct share at 20 sessions a day",
            "LimitOutOfReach",
            checks_off=("DirectShareHigh",),
        ),
        Line(
            "INFO",
            "Switched off by hand: AssistedShareDrop (no client ids before consent)",
            "SwitchedOff",
            checks_off=("AssistedShareDrop",),
        ),
    )
    verdict = replace(HEALTHY, lines=lines, switched_off=("AssistedShareDrop", "DirectShareHigh"))
    assert not_judged(verdict) == [line.message for line in lines]
    assert text(verdict).endswith(f"28 of 30 checks judged, 2 off\n  - {lines[0].message}\n  - {lines[1].message}\n")


def test_the_owner_is_named_once() -> None:
    """However many alerts name the owner; where none does, no report has a line or a key for it."""
    named = tuple(replace(line, owner="data-eng <x>") for line in PARTIAL.lines)
    owned = replace(PARTIAL, lines=named)
    assert text(owned).splitlines()[1] == "          Owner: data-eng <x>"
    assert text(owned).count("Owner") == 1
    assert markdown(owned).split("\n\n")[1] == "Owner: data-eng &lt;x&gt;"
    assert json.loads(printed(owned, "json", sys.stdout, details=True))["details"]["owner"] == "data-eng <x>"
    assert '<property name="owner" value="data-eng &lt;x&gt;" />' in shown(owned, "junit")
    for form in ("text", "markdown", "junit"):
        assert "owner" not in shown(PARTIAL, form).lower()
    assert "owner" not in json.loads(printed(PARTIAL, "json", sys.stdout, details=True))["details"]


def test_no_line_is_longer_than_the_terminal() -> None:
    """Words are wrapped; only a name without a space may be longer."""
    long = Verdict("2025-03-09", (Line("WARN", "word " * 100 + "x" * 150, "JsonErrors"),), proven=True, dataset="s")
    assert sorted({len(line) > 80 for line in text(long, 80).splitlines() if "x" * 150 not in line}) == [False]
    assert "x" * 150 in text(long, 80)


def test_d7_text_is_text_for_a_terminal() -> None:
    """A name cannot move the cursor, colour, turn the direction of writing, or begin a line of its own."""
    verdict = Verdict("2025-03-09", (Line("WARN", "a\x1b[2Jb\u202ec\nPASS\r\x07", "JsonErrors"),), proven=True)
    assert "  WARN      a?[2Jb?c PASS ?\n" in text(verdict)


HOSTILE = [
    "@channel <!here> <!channel> <@U123> @everyone",
    "`code` | cell | ~~gone~~ *bold* _it_ **x** $x^2$",
    "[click](https://evil.example/x) ![i](http://e/x.png) https://evil.example www.evil.example a@b.example",
    "<script>alert(1)</script> <b>x</b> &lt; &#64;channel",
    "#1 GH-1 org/repo#2 :smile:",
    "1. one",
    "- item",
    "+ item",
    "=== x",
    "# title",
    "> quote",
    "    code",
    "a\n\n# title\n\n- x",
    "trailing \\",
]


class _Reader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def _rendered(name: str) -> _Reader:
    """What a renderer makes of an alert with this name; tables and strikethrough are on."""
    verdict = Verdict("2025-03-09", (Line("WARN", name, "JsonErrors", description=name),), proven=True, dataset="shop")
    return _Reader(
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown(verdict))
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_d7_names_are_text_in_markdown(name: str) -> None:
    """A renderer makes no more of a hostile name than of a plain one, and shows it as it is."""
    found = _rendered(name)
    assert found.tags == _rendered("plain").tags
    assert f"WARN {plain(name)}\n{plain(name)}" in found.text.replace("\u200b", "")


@given(
    st.text(st.sampled_from("ab1 \n\t-+=*_`~[]()<>!#@|\\&;:/.$\"'{}^"), min_size=1).filter(lambda text: text.strip())
)
def test_no_text_is_markup(name: str) -> None:
    """Whatever the characters, a renderer shows them and adds nothing."""
    found = _rendered(name)
    assert found.tags == _rendered("plain").tags
    assert f"WARN {plain(name)}\n{plain(name)}" in found.text.replace("\u200b", "")


def test_mentions_and_links_are_cut() -> None:
    """What chats interpret even when escaped is broken up; a runbook that is not a URL is not a link."""
    cut = escape("@channel #1 https://e www.e GH-1 a@b <!here> :smile:").replace("\u200b", "^")
    assert cut == r"@^channel \#^1 https:^//e www.^e GH-^1 a@^b &lt;\!here&gt; :^smile:"
    evil = Verdict("d", (Line("WARN", "x", "JsonErrors", runbook="javascript:alert(1)"),), proven=True)
    assert "](" not in markdown(evil)
