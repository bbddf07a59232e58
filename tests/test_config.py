"""The configuration: every mistake is named with its place, and the example has every key."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from exporter import cli
from exporter.config.checks import Limits
from exporter.config.model import Columns, Config, Dataset, load
from exporter.config.strict_yaml import ConfigError

EXAMPLE = Path(cli.__file__).with_name("example.yml")

MISTAKEN = """\
refresh_intervall: 5m
refresh_interval: 5 minutes
links: {runbooks: wiki, grafana: "http://["}
datasets:
  web shop:
    files: web
  web:
    time_zone: Mars/Olympus
    cadence: hourly
    history_days: 14
    history_days: 7
    columns:
      colour: c
      payload: event_data
      revenue: $.a[
      device: [d, "$.*"]
    taxonomy: page_viewed
    site_domains: [https://shop.example]
    limits:
      direct_share: 80
      min_day_events: many
  shop:
    - files
"""

MISTAKES = [
    "1: refresh_intervall: unknown key",
    "2: refresh_interval: invalid duration '5 minutes': expected a number with s, m, h or d, for example 5m",
    "3: links.grafana: invalid URL 'http://[': expected http or https, for example https://grafana.example",
    "3: links.runbooks: invalid URL 'wiki': expected http or https, for example https://grafana.example",
    "5: datasets.web shop: invalid name: expected at most 64 letters, digits, '_', '.' or '-'",
    "7: datasets.web.files: is missing",
    "8: datasets.web.time_zone: unknown time zone 'Mars/Olympus': expected a name, for example Europe/Berlin",
    "9: datasets.web.cadence: input should be 'daily' or 'intraday', not 'hourly'",
    "11: datasets.web.history_days: duplicate key",
    "11: datasets.web.history_days: input should be greater than or equal to 8, not 7",
    "13: datasets.web.columns.colour: unknown key",
    "15: datasets.web.columns.revenue.0: invalid JSON path '$.a[': ",
    "16: datasets.web.columns.device.1: invalid JSON path '$.*': expected the path of one value, without a wildcard",
    "18: datasets.web.site_domains.0: invalid host name 'https://shop.example': expected a name alone, "
    "for example shop.example",
    "20: datasets.web.limits.direct_share: expected less than 1, not 80: no share exceeds 1; "
    "to switch off a check, use switched_off",
    "21: datasets.web.limits.min_day_events: input should be a valid integer, not 'many'",
    "22: datasets.shop: expected a mapping",
]

CONTRADICTORY = """\
datasets:
  web:
    files: web
    columns:
      timestamp: $.time
      revenue: $.revenue
    duplicate_key: [timestamp, transaction_id]
"""

CONTRADICTIONS = [
    "5: datasets.web.columns.timestamp: expected a column, not a JSON path",
    "6: datasets.web.columns.revenue: a JSON path needs the column payload",
    "7: datasets.web.duplicate_key: 'transaction_id' is not a mapped column",
]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        pytest.param(MISTAKEN, MISTAKES, id="mistakes"),
        pytest.param(CONTRADICTORY, CONTRADICTIONS, id="contradictions"),
        pytest.param("", ["1: expected a mapping with the key datasets"], id="empty"),
        pytest.param("# datasets\n", ["1: expected a mapping with the key datasets"], id="comment"),
        pytest.param("- datasets\n", ["1: expected a mapping with the key datasets"], id="list"),
        pytest.param("web\n", ["1: expected a mapping with the key datasets"], id="text"),
        pytest.param("{}", ["1: datasets: is missing"], id="nothing"),
        pytest.param("\ndatasets: {}", ["2: datasets: must not be empty"], id="no data set"),
        pytest.param("datasets:\n  web: {files: []}", ["2: datasets.web.files: must not be empty"], id="no files"),
        pytest.param("datasets:\n\tweb:\n", ["2: not valid YAML: "], id="tab"),
        pytest.param("datasets: {}\n---\n", ["2: not valid YAML: "], id="two documents"),
        pytest.param("datasets: \0", ["1: not valid YAML: "], id="control character"),
        pytest.param(b"datasets: \xff", ["1: not UTF-8 text"], id="not UTF-8"),
        pytest.param("\nrefresh_interval: !seconds 5", ["2: "], id="unknown tag"),
        pytest.param(
            "\nrefresh_interval: 2025-13-45",
            ["2: datasets: is missing", "2: refresh_interval: invalid duration '2025-13-45': "],
            id="impossible date",
        ),
        pytest.param(
            "\nrefresh_interval: 99999999999d",
            ["2: datasets: is missing", "2: refresh_interval: invalid duration '99999999999d': "],
            id="a million years",
        ),
        pytest.param("\n? [web]\n: files", ["2: "], id="list as key"),
        pytest.param(
            "\ndatasets: &all [*all]",
            ["2: datasets: expected a mapping", "2: datasets.0: contains itself"],
            id="value in itself",
        ),
        pytest.param(
            "datasets:\n  web:\n    files: web\n    taxonomy: [" + ",".join(map("e{}".format, range(4001))) + "]",
            ["4: datasets.web.taxonomy: expected at most 4000 names, not 4001: each name is a series on each day"],
            id="many names",
        ),
        pytest.param("\ndatasets: " + "[" * 5000, ["1: nested too deeply"], id="deep"),
        pytest.param('datasets: "\\UFFFFFFFF"', ["1: not valid YAML"], id="no character"),
        pytest.param(
            "datasets:\n  .: {files: web}\n  ..: {files: web}\n  Lock: {files: web}\n",
            [
                "2: datasets..: invalid name '.': expected one that can name a folder in --storage.path",
                "3: datasets...: invalid name '..': expected one that can name a folder in --storage.path",
                "4: datasets.Lock: invalid name 'Lock': expected one that can name a folder in --storage.path",
            ],
            id="names of the storage",
        ),
    ],
)
def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | bytes, wanted: list[str]) -> None:
    """All mistakes are named at once, each with file, line and key, and the exit code is 64."""
    path = tmp_path / "config.yml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert cli.main(["--config.file", str(path), "--once"]) == 64
    out, err = capsys.readouterr()
    lines = err.replace(f"{path}:", "").splitlines()
    assert [line[: len(start) or None] for line, start in zip_longest(lines, wanted, fillvalue="")] == wanted
    assert out == ""


NOT_SCALARS = {
    "0b_": "invalid number '0b_'",
    "0x_": "invalid number '0x_'",
    "1" * 5000: f"invalid number '{'1' * 40}…'",
    "1" * 400: f"invalid number '{'1' * 40}…': expected at most 9007199254740992",
    "-9007199254740993": "invalid number '-9007199254740993': expected at most 9007199254740992",
    "!!float abc": "invalid number 'abc'",
    "!!int x": "invalid number 'x'",
    "!!bool x": "invalid bool 'x'",
    "!!timestamp x": "invalid timestamp 'x'",
    "!!timestamp 2025-13-45": "invalid timestamp '2025-13-45'",
    ".inf": "invalid number '.inf': expected a finite number",
    "-.inf": "invalid number '-.inf': expected a finite number",
    ".nan": "invalid number '.nan': expected a finite number",
    "1.0e+400": "invalid number '1.0e+400': expected a finite number",
    '"\\uD800"': "invalid text '?'",
}
PLACES = (
    "purchase: {}",
    "purchase: [page, {}]",
    "limits: {{revenue_spike_ratio: {}}}",
    "limits: {{min_day_events: {}}}",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", NOT_SCALARS, ids=lambda text: text[:20])
def test_invalid_scalars(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, place: str) -> None:
    """What YAML takes for a number, a date or a text and cannot read as one is named with file, line and key."""
    path = tmp_path / "config.yml"
    path.write_text(f"datasets:\n  web:\n    files: web\n    {place.format(text)}\n")
    assert cli.main(["--config.file", str(path), "--check-config"]) == 64
    key = ".".join(re.findall(r"\w+(?=:)", place)) + (".1" if "[" in place else "")
    assert capsys.readouterr() == ("", f"{path}:4: datasets.web.{key}: {NOT_SCALARS[text]}\n")


def test_invalid_path_of_a_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A measure whose name no file can have is refused like one that is missing."""
    path = tmp_path / "config.yml"
    path.write_text('datasets: {web: {files: data, measures: ["a\\0b"]}}')
    assert cli.main(["--config.file", str(path), "--check-config"]) == 64
    assert "datasets.web.measures: " in capsys.readouterr().err


@pytest.mark.parametrize(("name", "reason"), [("gone", "No such file or directory"), (".", "Is a directory")])
def test_unreadable_file(tmp_path: Path, name: str, reason: str) -> None:
    """A file that cannot be read is named with the reason; the program itself exits with 64 and prints no metrics."""
    path = tmp_path / name
    command = [sys.executable, "-m", "exporter", "--config.file", str(path), "--once"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (64, "", f"{path}: {reason}\n")


def test_measures_are_checked_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two data sets that fill the same gauge from different files are refused before anything is served."""
    for number, folder in enumerate(("one", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "m.sql").write_text(f"-- clickstream_m: M.\nSELECT 0 AS hour, {number} AS clickstream_m\n")
    names = "".join(f"  {name}: {{files: data, measures: [{name}/m.sql]}}\n" for name in ("one", "two"))
    (tmp_path / "config.yml").write_text(f"datasets:\n{names}")
    assert cli.main(["--config.file", str(tmp_path / "config.yml"), "--check-config"]) == 64
    assert "clickstream_m" in capsys.readouterr().err


@pytest.mark.parametrize("model", [Config, Dataset, Columns, Limits])
def test_example_names_every_key(model: type[BaseModel]) -> None:
    """The example has every key there is, those without a use in it as a comment."""
    named = set(re.findall(r"^ *(?:# )?(\w+):", EXAMPLE.read_text(), re.MULTILINE))
    assert set(model.model_fields) - named == set()


def test_example_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example can be used, also with every key that stands in it as a comment."""
    text = re.sub(r"^( +)# (\w+: [\w$.]+)$", r"\1\2", EXAMPLE.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^( +)(\w+): {}\n(?=\1  \w)", r"\1\2:\n", text, flags=re.MULTILINE)
    assert text != EXAMPLE.read_text()
    path = tmp_path / "config.yml"
    (tmp_path / "events").mkdir()
    for content in (EXAMPLE.read_text(), text):
        path.write_text(content)
        assert cli.main(["--config.file", str(path), "--check-config"]) == 1
        assert re.fullmatch(r".* NO FILE MATCHES .*\n", capsys.readouterr().err)
    assert all(load(path).datasets["web"].columns.model_dump().values())


def test_example_shows_the_defaults() -> None:
    """What the example says of a key with a default is the default."""
    config = load(EXAMPLE)
    dataset = config.datasets["web"]
    shown = {**differing(config), **differing(dataset), **differing(dataset.columns), **differing(dataset.limits)}
    assert shown == {}


def differing(model: BaseModel) -> dict[str, Any]:
    """The values of the model that are not the default; a key whose default is nothing, or columns, has none."""
    fields = {name: field for name, field in type(model).model_fields.items() if not field.is_required()}
    defaults = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    plain = {name: default for name, default in defaults.items() if default not in (None, ()) and name != "columns"}
    return {name: getattr(model, name) for name, default in plain.items() if getattr(model, name) != default}


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("currency", "eur", "invalid currency 'eur': expected a code of ISO 4217, for example EUR"),
        ("currency", "EURO", "invalid currency 'EURO': expected a code of ISO 4217, for example EUR"),
        ("owner", " ", "expected who answers for the data, in at most 100 characters on one line"),
        ("owner", "a\nb", "expected who answers for the data, in at most 100 characters on one line"),
    ],
)
def test_owner_and_currency_that_are_none(tmp_path: Path, key: str, value: str, problem: str) -> None:
    """They are refused with the key."""
    path = tmp_path / "config.yml"
    path.write_text(f"datasets: {{web: {{files: web, {key}: {json.dumps(value)}}}}}\n", "utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"1: datasets.web.{key}: {problem}")):
        load(path)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        ({"team": "a\nb"}, "team: expected the value of a label, in at most 100 characters on one line"),
        ({"teams": "a"}, "teams: unknown label 'teams', did you mean team?: expected team, service;"),
    ],
)
def test_labels_that_are_none(tmp_path: Path, labels: dict[str, str], problem: str) -> None:
    """A label that the rules do not know, or a value that is none, is refused with the key."""
    path = tmp_path / "config.yml"
    path.write_text(f"datasets: {{web: {{files: web, labels: {json.dumps(labels)}}}}}\n", "utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"1: datasets.web.labels.{problem}")):
        load(path)
