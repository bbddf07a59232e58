"""What Slack is sent: messages that say what is wrong, and in which nothing but our links is one."""

from __future__ import annotations

import re

import pytest
from contracts import assert_slack
from relay import Json, Relay, awaited
from shop_alerts import CHECKS, alert, without_links


def warnings(tier: str) -> list[str]:
    """The checks of a tier that warn."""
    labels = {check: alert(check)["labels"] for check in CHECKS}
    return [check for check in CHECKS if (labels[check]["severity"], labels[check]["tier"]) == ("warning", tier)]


INTEGRITY, BUSINESS = warnings("integrity"), warnings("business")
LINK = re.compile(r"<(https://(?:wiki|grafana)\.example/[^|<>]+)\|(Runbook|Dashboard)>")


def shown(relay: Relay, dataset: str, *alerts: Json, number: int = 1, channel: str = "data") -> Json:
    """The attachment of the last message that a channel gets about the alerts."""
    relay.fire(*alerts)
    messages = awaited(lambda: relay.messages(dataset, number, channel))
    assert len(messages) == number
    assert_slack(messages[-1])
    return dict(messages[-1]["attachments"][0])


def test_a_bad_day_is_a_message_a_tier(relay: Relay, dataset: str) -> None:
    """The data team is notified of both tiers, marketing only of business, and each warning is in its message once."""
    relay.fire(*(alert(check, dataset) for check in (*INTEGRITY, *BUSINESS)))
    assert awaited(lambda: relay.messages(dataset, 2) and relay.messages(dataset, 1, "marketing"))
    data, marketing = (relay.messages(dataset, 1, channel) for channel in ("data", "marketing"))
    for message in (*data, *marketing):
        assert_slack(message)
    business = f"{dataset}, 2025-03-09: {len(BUSINESS)} business warnings"
    integrity = f"{dataset}, 2025-03-09: {len(INTEGRITY)} integrity warnings"
    assert sorted(each["attachments"][0]["title"] for each in data) == [integrity, business]
    (shown_to_marketing,) = (each["attachments"][0] for each in marketing)
    assert shown_to_marketing["title"] == business
    summaries = [alert(check)["annotations"]["summary"] for check in BUSINESS]
    assert [shown_to_marketing["text"].count(summary) for summary in summaries] == [1] * len(BUSINESS)


def test_a_warning_can_be_acted_on(relay: Relay, dataset: str) -> None:
    """The numbers, the limit, the day, what to do and where to look: nothing else."""
    found = shown(relay, dataset, alert("ConversionRateDrop", dataset))
    dashboard = f"https://grafana.example/d/clickstream-dataset?var-dataset={dataset}&var-day=2025-03-09"
    assert found["title_link"] == dashboard
    assert found["color"] == "warning"
    assert found["text"] == (
        "*Conversion rate drop detected: 1.90% vs baseline 4.00%*\n"
        "On 2025-03-09, over its 24 complete hours, the share of sessions with a purchase is 52.50% lower than "
        "its baseline; the limit is 30.00%, and chance explains 51.23%.\n"
        "<https://wiki.example/runbooks/ConversionRateDrop.md|Runbook> · "
        f"<{dashboard.replace('&', '&amp;')}|Dashboard>\n"
    )
    assert found["fallback"] == f"{found['title']}; Conversion rate drop detected: 1.90% vs baseline 4.00%"


def test_a_runbook_that_is_a_file_is_no_link(relay: Relay, dataset: str) -> None:
    """Without `links.runbooks`, the message has the path."""
    found = shown(relay, dataset, alert("JsonErrors", dataset, runbooks="alerting/runbooks"))
    assert "\nRunbook: alerting/runbooks/JsonErrors.md · <https://grafana.example/" in found["text"]
    assert [text for _, text in LINK.findall(found["text"])] == ["Dashboard"]


def test_the_owner_is_named_once(relay: Relay, dataset: str) -> None:
    """Below the warnings, as text; a message without an owner has no line for one."""
    owned = [alert(check, dataset, owner="data-eng <#team>") for check in ("JsonErrors", "NullClientIds")]
    found = shown(relay, dataset, *owned)
    assert found["text"].endswith("|Dashboard>\nOwner: data-eng &lt;#team&gt;\n")
    assert found["text"].count("Owner") == 1


def test_a_message_without_links(relay: Relay, dataset: str) -> None:
    """Where the configuration names no place, the message names the file, and nothing in it is a link."""
    found = shown(relay, dataset, without_links("JsonErrors", dataset))
    assert found["text"].endswith("\nRunbook: alerting/runbooks/JsonErrors.md\n")
    assert "title_link" not in found
    assert "http" not in found["text"]


@pytest.mark.parametrize(
    "name",
    [
        "<!channel>",
        "<@U1>",
        "<!here|all>",
        "<https://evil.example|click>",
        "https://evil.example/x",
        "a & b",
        "&lt;!channel&gt;",
        "{{ x",
    ],
)
def test_d7_no_name_in_the_data_can_notify_or_link(relay: Relay, dataset: str, name: str) -> None:
    """What is in the data is shown as it is: nowhere in the message does Slack make something of it."""
    words = dict.fromkeys(("summary", "description", "day"), f"Column missing: {name}")
    found = shown(relay, dataset, alert("ColumnMissing", dataset, **words))
    plain = LINK.sub("", found["text"])
    for text in (plain, found["title"], found["fallback"]):
        assert not set("<>") & set(text)
        assert "://" not in text
        assert name == unescaped(text).split("Column missing: ")[1].splitlines()[0].split(": 1 ")[0].rstrip("*")


def unescaped(text: str) -> str:
    """What Slack shows of the text."""
    plain = text.replace("\u200b", "").replace("&lt;", "<").replace("&gt;", ">")
    return plain.replace("&amp;", "&")


@pytest.mark.parametrize(
    "link", ["https://x.example/a b", "https://x.example/a|b>", "javascript:alert(1)", "<!channel>"]
)
def test_what_is_no_url_is_no_link(relay: Relay, dataset: str, link: str) -> None:
    """A link that cannot be opened, or that would end early, is text or nothing."""
    found = shown(relay, dataset, alert("JsonErrors", dataset, runbook_url=link, dashboard_url=link))
    assert "title_link" not in found
    assert not set("<>") & set(found["text"])


@pytest.mark.parametrize("letter", ["x", "&", "😀"])
def test_a_message_without_end_is_cut(relay: Relay, dataset: str, letter: str) -> None:
    """All integrity warnings at once, each with endless words, are still less than Slack shows."""
    words = dict.fromkeys(("summary", "description"), letter * 100000)
    found = shown(relay, dataset, *(alert(check, dataset, **words) for check in INTEGRITY))
    assert f"{unescaped(letter) * 250}…" in unescaped(found["text"])
    assert len(LINK.findall(found["text"])) == 2 * len(INTEGRITY)


def test_it_says_what_is_over(relay: Relay, dataset: str) -> None:
    """While some warnings last, resolved ones are listed separately; when all are resolved, the message says so."""
    first, second = alert("JsonErrors", dataset), alert("NullClientIds", dataset)
    shown(relay, dataset, first, second)
    relay.resolve(first)
    found = shown(relay, dataset, number=2)
    assert (found["title"], found["color"]) == (f"{dataset}, 2025-03-09: 1 integrity warning", "warning")
    assert found["text"].startswith("*High null client_id rate: 34.50%*\n")
    assert found["text"].endswith("\nResolved: JSON parse error rate high: 1.42%\n")
    relay.resolve(second)
    found = shown(relay, dataset, number=3)
    assert (found["title"], found["color"]) == (f"Resolved: {dataset}: integrity warning", "good")
    assert found["text"] == "Resolved: High null client_id rate: 34.50%\n"
