"""What is merged into an Alertmanager that exists: the shipped configuration as children of another route."""

from __future__ import annotations

import re
from pathlib import Path

WHOLE = Path(__file__).parents[1] / "alertmanager.yml"
PATH = WHOLE.with_name("alertmanager.fragment.yml")

PREFIX = "clickstream-"
"""Begins the names of the receivers: theirs may have the same otherwise."""

HEADER = """\
# alertmanager.yml, to be merged into an Alertmanager that exists. What goes where: "Into an Alertmanager that exists"
# in README.md beside this file. Written by `make rules` from alertmanager.yml: change it there.
#
# Secrets are read from files, never written here:
#   /etc/alertmanager/secrets/pagerduty_routing_key     integration key of a PagerDuty Events API v2 service
#   /etc/alertmanager/secrets/slack_data_url            incoming webhook of the data team's channel
#   /etc/alertmanager/secrets/slack_marketing_url       incoming webhook of the marketing team's channel

# Required for Slack: add it to your `templates`, and copy the folder.
templates: [templates/*.tmpl]

# Required, both: the first children of your `route`. Each takes what it matches, and nothing of yours. Changing their
# matchers or `group_by` changes PagerDuty's dedup key: open incidents then get no resolve.
route:
  routes:
    # The certificate always fires: nobody is notified, and Alertmanager keeps it for the report to read.
    - matchers: [alertname = "ClickstreamCertificate"]
      receiver: nowhere
      group_by: [dataset]
    # What no route below names, such as info, notifies nobody.
    - matchers: [alertname =~ "Clickstream.+", tier =~ "pipeline|integrity|business"]
"""

INHIBITIONS = """
# Required, all: add them to your `inhibit_rules`. The cause inhibits the effect. They hide nothing of yours, and a
# drill never inhibits.
inhibit_rules:
"""

RECEIVERS = """
# Required, all: add them to your `receivers`. `clickstream-nowhere` has no integration: it notifies nobody.
receivers:
"""


def render(whole: str) -> str:
    """The text of the fragment, made of that of alertmanager.yml."""
    below = dict(re.findall(r"^(\w+):\n((?: .*\n)+)", whole, re.MULTILINE))
    route = re.sub(r"^", " " * 4, below["route"].rstrip("\n"), flags=re.MULTILINE) + "\n"
    text = HEADER + route + INHIBITIONS + below["inhibit_rules"] + RECEIVERS + below["receivers"]
    named = re.sub(r"^( *(?:receiver|- receiver|- name): )", rf"\1{PREFIX}", text, flags=re.MULTILINE)
    return re.sub(r"(?<= )([&*])(?=slack$)", rf"\1{PREFIX}", named, flags=re.MULTILINE)


def write() -> None:
    """Write the fragment."""
    PATH.write_text(render(WHOLE.read_text("utf-8")), "utf-8")
