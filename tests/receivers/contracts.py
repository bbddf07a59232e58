"""What the receivers accept, as they document it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]


def assert_pagerduty(event: Json) -> None:
    """PagerDuty's Events API v2 accepts the event.

    https://developer.pagerduty.com/docs/send-alert-event: required are `routing_key` of 32 characters, `event_action`,
    and of the payload `summary` (at most 1,024 characters), `source` and `severity`; `dedup_key` has at most 255; a
    link's `href` is a URL. https://developer.pagerduty.com/docs/events-api-v2-overview: at most 512 KB.
    """
    assert len(json.dumps(event, ensure_ascii=False).encode()) <= 512_000
    assert len(event["routing_key"]) == 32
    assert event["event_action"] in {"trigger", "acknowledge", "resolve"}
    assert 0 < len(event["dedup_key"]) <= 255
    payload = event["payload"]
    assert 0 < len(payload["summary"]) <= 1024
    assert payload["source"]
    assert payload["severity"] in {"critical", "error", "warning", "info"}
    assert isinstance(payload.get("custom_details", {}), dict)
    for each in ("component", "group", "class"):
        assert isinstance(payload.get(each, ""), str)
    for link in event.get("links", []):
        assert_url(link["href"])
        assert isinstance(link.get("text", ""), str)


def assert_url(text: str) -> None:
    """A browser can open it."""
    parts = urlsplit(text)
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
    assert not set(" <>|") & set(text)


def assert_slack(message: Json) -> None:
    """Slack accepts the message, and shows all of it.

    https://docs.slack.dev/messaging/formatting-message-text: `&`, `<` and `>` are control characters.
    https://docs.slack.dev/reference/methods/chat.postMessage: text above 40,000 characters is cut.
    https://docs.slack.dev/messaging/formatting-message-text#attachments: at most 100 attachments, better 20;
    https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments: the color is good, warning,
    danger or hexadecimal, the fallback plain text.
    """
    assert len(message["attachments"]) == 1
    assert not message.get("link_names")
    shown = message["attachments"][0]
    assert max(len(shown["text"]), len(shown["fallback"])) <= 40_000
    assert shown["color"] in {"good", "warning", "danger"}
    assert shown["title"]
    assert shown["fallback"]
    if "title_link" in shown:
        assert_url(shown["title_link"])


def assert_webhook(body: Json) -> None:
    """The body is what Alertmanager documents of a webhook.

    https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. Datadog takes it, one alert at a time:
    https://docs.datadoghq.com/integrations/prometheus/#prometheus-alertmanager.
    """
    assert body["version"] == "4"
    assert body["status"] in {"firing", "resolved"}
    assert set(body) >= {"groupKey", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"}
    assert len(body["alerts"]) == 1
    for alert in body["alerts"]:
        assert set(alert) >= {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}
        assert all(isinstance(value, str) for part in ("labels", "annotations") for value in alert[part].values())
