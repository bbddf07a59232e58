"""Files in an object store: the numbers are those of a local disk, whatever the store does meanwhile."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter import plan
from exporter.config.model import Resources
from exporter.config.object_store import ObjectStore
from exporter.config.strict_yaml import ConfigError
from exporter.files.access import Access
from exporter.files.file import File, FilesError
from exporter.refresh import Refresher
from tests.support import buckets
from tests.support.buckets import NAME, SECRET, Answer, Bucket, Request
from tests.support.exposition import SHOP, TEXT, TYPES, Row, once, purchase, run, view, write_config, write_rows

DAYS = ("2025-03-07", "2025-03-08", "2025-03-09")

NAMES = (
    *(
        "a.parquet",
        "b.csv",
        "day=2025-03-08/a.parquet",
        "day=2025-03-09/part a%20.parquet",
        "day=2025-03-09/x/c.parquet",
    ),
    *("_SUCCESS", "_temporary/d.parquet", ".hidden/e.parquet", "day=2025-03-09/.f.parquet", "[odd]/g.parquet"),
)
PATTERNS = ("", "**/*.parquet", "*.parquet", "day=*/*.parquet", "day=2025-03-0[89]/**", "*/x/?.parquet", "[[]odd]/*")


def accessed(pattern: str, folder: Path, bucket: Bucket | None = None) -> tuple[File, ...]:
    """The files that match the pattern."""
    store = ObjectStore(**bucket.settings["object_store"]) if bucket else ObjectStore()
    return Access([pattern], store, Resources.model_validate({"refresh_timeout": "4s"}), folder).find()


def events(day: str, count: int = 40) -> list[Row]:
    """So many page views of a day, and half as many purchases."""
    views = [view(day, client_id=f"c{number}", page_url=f"https://shop.example/{number}") for number in range(count)]
    paid = [
        purchase(day, client_id=f"c{number}", event_data=f'{{"revenue": 5, "transaction_id": "{day}-{number}"}}')
        for number in range(count // 2)
    ]
    return [*views, *paid]


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    """A bucket for all tests of the module."""
    with buckets.bucket() as made:
        yield made


@pytest.fixture
def bucket(server: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The bucket with three days below `events/`, which are below `local/events` in the test's folder, too."""
    for name, value in buckets.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for each in server.client.list_objects_v2(Bucket=NAME).get("Contents", []):
        server.remove(each["Key"])
    for day in DAYS:
        write_rows(tmp_path / "local" / "events" / f"{day}.parquet", events(day))
    server.put_all(tmp_path / "local" / "events")
    server.proxy.requests.clear()
    server.proxy.answer = lambda _: None
    server.proxy.delay = 0.0
    return server


def local(folder: Path) -> str:
    """The exposition of the same files on the local disk."""
    return once(write_config(folder / "local", web=SHOP | {"files": "events/**/*.parquet"})).text


def test_the_numbers_are_those_of_a_local_disk(tmp_path: Path, bucket: Bucket) -> None:
    """To the byte, with the number of the snapshot."""
    assert once(write_config(tmp_path, web=SHOP | bucket.settings)).text == local(tmp_path)


def test_only_mapped_columns_are_fetched(tmp_path: Path, bucket: Bucket) -> None:
    """Of a file with a large further column, that column is not."""
    large = [each | {"debug": os.urandom(4000).hex()} for each in events(DAYS[2])]
    write_rows(tmp_path / "large.parquet", large, {**TYPES, "debug": TEXT})
    bucket.put("events/2025-03-09.parquet", tmp_path / "large.parquet")
    once(write_config(tmp_path, web=SHOP | bucket.settings))
    size = (tmp_path / "large.parquet").stat().st_size
    assert size > 400_000
    assert bucket.proxy.fetched() < size / 2


def test_nothing_new_is_one_listing(tmp_path: Path, bucket: Bucket) -> None:
    """As long as no object changes, none is opened."""
    refresher = Refresher(plan.load(write_config(tmp_path, web=SHOP | bucket.settings)))
    try:
        refresher.refresh()
        bucket.proxy.requests.clear()
        state = refresher.refresh()
    finally:
        refresher.stop()
    assert state.errors == {}
    listings = [each for each in bucket.proxy.requests if "prefix=events" in each.path and "_delta" not in each.path]
    assert (bucket.proxy.objects(), len([each for each in listings if "hoodie" not in each.path])) == ([], 1)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_mean_what_they_do_on_disk(tmp_path: Path, bucket: Bucket, pattern: str) -> None:
    """The same names are found, also those with spaces and percent signs; hidden ones are left out."""
    for name in NAMES:
        write_rows(tmp_path / "tree" / name, [view()])
    bucket.put_all(tmp_path / "tree", "tree/")
    on_disk = accessed(str(tmp_path / "tree" / pattern), tmp_path)
    remote = accessed(f"s3://{NAME}/tree/{pattern}", tmp_path, bucket)
    assert [file.name for file in remote] == [file.name for file in on_disk]
    assert remote


def configured(folder: Path, bucket: Bucket, **settings: Any) -> Path:
    """A configuration that reads the bucket, and gives a refresh few seconds."""
    path = folder / "config.yml"
    shop = {"datasets": {"web": SHOP | bucket.settings | settings}, "resources": {"refresh_timeout": "8s"}}
    path.write_text(yaml.safe_dump(shop))
    return path


def of_the_newest(answer: Answer, times: int | None = None) -> Callable[[Request], Answer | None]:
    """Answer requests for the content of the newest day so, the first `times` times, None for always."""
    left = iter(range(times)) if times else None

    def answered(request: Request) -> Answer | None:
        if request.method != "GET" or not request.path.endswith("2025-03-09.parquet"):
            return None
        return answer if left is None or next(left, None) is not None else None

    return answered


PASSING = {
    "throttled": Answer(503, "SlowDown"),
    "too many": Answer(429, "TooManyRequests"),
    "broken": Answer(500, "InternalError"),
    "cut": Answer(cut=100),
}


@pytest.mark.parametrize("answer", PASSING.values(), ids=PASSING)
def test_d12_what_passes_is_tried_again(tmp_path: Path, bucket: Bucket, answer: Answer) -> None:
    """Twice refused or cut, the numbers are right all the same."""
    bucket.proxy.answer = of_the_newest(answer, times=2)
    assert once(configured(tmp_path, bucket)).text == local(tmp_path)


LASTING = {
    "throttled": (Answer(503, "SlowDown"), "2025-03-09.parquet: throttled or not available (HTTP 503 SlowDown)"),
    "too many": (Answer(429, "TooMany"), "2025-03-09.parquet: throttled (HTTP 429 TooMany)"),
    "cut": (Answer(cut=100), "2025-03-09.parquet: connection broken"),
    "expired": (
        Answer(400, "ExpiredToken"),
        "2025-03-09.parquet: not permitted: no valid credentials (HTTP 400 ExpiredToken)",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), LASTING.values(), ids=LASTING)
def test_d12_what_concerns_the_store_fails_the_refresh(
    tmp_path: Path, bucket: Bucket, answer: Answer, reason: str
) -> None:
    """No number is published without the files; the error names the object and the reason."""
    bucket.proxy.answer = of_the_newest(answer)
    done = run(configured(tmp_path, bucket))
    assert (done.returncode, reason in done.stderr) == (1, True), done.stderr


def test_d12_an_object_that_may_not_be_read(tmp_path: Path, bucket: Bucket) -> None:
    """It is set aside by name, and the others are measured."""
    bucket.proxy.answer = of_the_newest(Answer(403, "AccessDenied"))
    found = once(configured(tmp_path, bucket))
    (aside,) = found.labels("clickstream_unreadable_file_info")
    assert (aside["file"], aside["reason"]) == ("2025-03-09.parquet", "not permitted (HTTP 403 AccessDenied)")
    assert found.value("clickstream_unreadable_files") == 1


LISTING = {
    "not permitted": (Answer(403, "AccessDenied"), "not permitted (HTTP 403 AccessDenied)"),
    "no bucket": (Answer(404, "NoSuchBucket"), "not found (HTTP 404 NoSuchBucket)"),
    "signature": (Answer(403, "SignatureDoesNotMatch"), "no valid credentials (HTTP 403 SignatureDoesNotMatch)"),
    "region": (Answer(301, "PermanentRedirect"), "wrong region or endpoint: set object_store.region"),
    "malformed": (Answer(400, "AuthorizationHeaderMalformed"), "wrong region or endpoint: set object_store.region"),
    "throttled": (Answer(503, "SlowDown"), "throttled or not available (HTTP 503 SlowDown)"),
}


@pytest.mark.parametrize(("answer", "reason"), LISTING.values(), ids=LISTING)
def test_d12_a_listing_that_is_refused(tmp_path: Path, bucket: Bucket, answer: Answer, reason: str) -> None:
    """The error names the place and the reason."""
    bucket.proxy.answer = lambda _: answer
    with pytest.raises(FilesError, match=f"^s3://{NAME}/events: .*{re.escape(reason)}"):
        accessed(f"s3://{NAME}/events/*.parquet", tmp_path, bucket)


PLACES = {
    "nothing below": (f"s3://{NAME}/none/*.parquet", f"s3://{NAME}/none: no object below it"),
    "a wildcard of HTTP": ("http://127.0.0.1:9/*.parquet", "an HTTP server cannot list its files"),
    "nobody there": ("http://127.0.0.1:9/a.parquet", "http://127.0.0.1:9/a.parquet: connection refused"),
}


@pytest.mark.parametrize(("pattern", "reason"), PLACES.values(), ids=PLACES)
def test_d12_places_that_cannot_be_read(tmp_path: Path, bucket: Bucket, pattern: str, reason: str) -> None:
    """The error names the place and the reason."""
    with pytest.raises(FilesError, match=re.escape(reason)):
        accessed(pattern, tmp_path, bucket)


URLS = {
    "another scheme": ("ftp://x/y.parquet", "unknown scheme in 'ftp://x/y.parquet': expected one of s3"),
    "no bucket": ("s3:///y.parquet", "invalid URL 's3:///y.parquet': expected a bucket"),
    "a signature": ("https://x/y.parquet?sig=abc", "'https://x/y.parquet': a URL with a password"),
    "a password": ("https://me:abc@x/y.parquet", "'https://x/y.parquet': a URL with a password"),
}


@pytest.mark.parametrize(("url", "reason"), URLS.values(), ids=URLS)
def test_s4_urls_that_are_refused(tmp_path: Path, url: str, reason: str) -> None:
    """The error names the URL without what may be secret."""
    with pytest.raises(ConfigError, match=re.escape(reason)) as caught:
        plan.load(write_config(tmp_path, web=SHOP | {"files": url}))
    assert "abc" not in str(caught.value)


def test_d12_a_refresh_without_a_listing(tmp_path: Path, bucket: Bucket) -> None:
    """It fails with that error."""
    bucket.proxy.answer = lambda _: Answer(403, "AccessDenied")
    done = run(configured(tmp_path, bucket))
    assert (done.returncode, f"refresh failed: s3://{NAME}/events: not permitted" in done.stderr) == (1, True)


def test_d12_a_slow_store(tmp_path: Path, bucket: Bucket) -> None:
    """A request that takes too long is given up."""
    bucket.proxy.delay = 6.0
    done = run(configured(tmp_path, bucket))
    assert (done.returncode, "timed out" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("becomes", [60, 0])
def test_d2_an_object_that_changes_while_it_is_read(tmp_path: Path, bucket: Bucket, becomes: int) -> None:
    """The numbers are those of the new object, or, if it was removed, of the others."""
    path = tmp_path / "local" / "events" / "2025-03-09.parquet"

    def change(request: Request) -> None:
        if request in bucket.proxy.objects() and request.path.endswith(path.name) and path.exists():
            path.unlink()
            bucket.remove("events/2025-03-09.parquet")
            if becomes:
                bucket.put("events/2025-03-09.parquet", write_rows(path, events(DAYS[2], becomes)))
                bucket.proxy.answer = lambda _: None

    bucket.proxy.answer = change
    assert once(configured(tmp_path, bucket)).text == local(tmp_path)


@pytest.mark.parametrize("log", ["_delta_log/00000000000000000000.json", ".hoodie/x", "metadata/v1.metadata.json"])
def test_j2_a_table_is_not_read_as_plain_files(tmp_path: Path, bucket: Bucket, log: str) -> None:
    """Its folder also holds files that no longer count."""
    bucket.client.put_object(Bucket=NAME, Key=f"events/{log}", Body=b"{}")
    done = run(configured(tmp_path, bucket))
    assert (done.returncode, f"s3://{NAME}/events: a" in done.stderr, "table" in done.stderr) == (1, True, True)


@pytest.mark.parametrize("log", ["_delta_log/0.json", ".hoodie/x"])
def test_j2_a_folder_of_a_table_is_not_read_as_plain_files(tmp_path: Path, bucket: Bucket, log: str) -> None:
    """Nor if the pattern begins below the table."""
    bucket.client.put_object(Bucket=NAME, Key=log, Body=b"{}")
    done = run(configured(tmp_path, bucket))
    assert (done.returncode, f"s3://{NAME}: a" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("pattern", ["events/data", "events/data/day=1", "events/data/day=1/*.parquet"])
def test_j2_a_folder_of_an_iceberg_table_is_not_read_as_plain_files(
    tmp_path: Path, bucket: Bucket, pattern: str
) -> None:
    """Its data, and any partition of them."""
    for key in ("events/metadata/v1.metadata.json", "events/data/day=1/a.parquet"):
        bucket.client.put_object(Bucket=NAME, Key=key, Body=b"{}")
    with pytest.raises(FilesError, match=f"^s3://{NAME}/events: an Iceberg table"):
        accessed(f"s3://{NAME}/{pattern}", tmp_path, bucket)


@pytest.mark.parametrize(
    "key", ["events//a.parquet", "events/_logs//x.txt", "events/./a.parquet", "events/t\tb.parquet"]
)
def test_d12_a_key_that_is_not_supported_is_named(tmp_path: Path, bucket: Bucket, key: str) -> None:
    """The error names it, so that somebody can rename the object."""
    bucket.client.put_object(Bucket=NAME, Key=key, Body=b"{}")
    with pytest.raises(FilesError, match=re.escape(f"s3://{NAME}/events: the key {key!r} is not supported")):
        accessed(f"s3://{NAME}/events/*.parquet", tmp_path, bucket)
    bucket.client.delete_object(Bucket=NAME, Key=key)


def test_a_role_that_may_list_only_its_folder(tmp_path: Path, bucket: Bucket) -> None:
    """Whether a table is above that folder cannot be seen, and nothing else is needed."""
    refused = Answer(403, "AccessDenied")

    def is_above(request: Request) -> bool:
        return request.is_listing and "prefix=events" not in request.path

    bucket.proxy.answer = lambda request: refused if is_above(request) else None
    assert once(configured(tmp_path, bucket)).text == local(tmp_path)
    assert any(map(is_above, bucket.proxy.requests))


def test_s4_no_secret_is_shown(tmp_path: Path, bucket: Bucket) -> None:
    """Neither in the metrics, nor in an error, nor in the log."""
    for answer in (None, Answer(403, "AccessDenied"), Answer(500, "InternalError")):
        bucket.proxy.answer = lambda _, answer=answer: answer
        done = run(configured(tmp_path, bucket))
        assert SECRET not in done.stdout + done.stderr
        assert "Signature=" not in done.stdout + done.stderr


def test_d12_without_the_package(tmp_path: Path, bucket: Bucket) -> None:
    """The error says what to install."""
    (tmp_path / "obstore.py").write_text("raise ImportError")
    done = run(configured(tmp_path, bucket), PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "pip install 'clickstream-exporter[objects]'" in done.stderr


def test_no_copy_is_left(tmp_path: Path, bucket: Bucket) -> None:
    """What was fetched of the objects is removed again."""
    kept = tmp_path / "kept"
    kept.mkdir()
    once(configured(tmp_path, bucket), f"--storage.path={kept}")
    assert [path.name for path in kept.rglob("*.parquet")] == []


def test_nothing_is_fetched_again_after_a_restart(tmp_path: Path, bucket: Bucket) -> None:
    """What was measured is kept, with the versions of the objects."""
    path = configured(tmp_path, bucket)
    first = once(path, f"--storage.path={tmp_path / 'kept'}")
    bucket.proxy.requests.clear()
    assert once(path, f"--storage.path={tmp_path / 'kept'}").text == first.text
    assert bucket.proxy.objects() == []


def test_a_copy_that_is_too_large(tmp_path: Path, bucket: Bucket) -> None:
    """The limit of what is spilled holds for the copies, too."""
    large = [view(DAYS[2], client_id=os.urandom(20_000).hex()) for _ in range(60)]
    bucket.put("events/2025-03-09.parquet", write_rows(tmp_path / "large.parquet", large))
    path = configured(tmp_path, bucket)
    path.write_text(path.read_text() + "  spill_limit: 1MB\n")
    done = run(path)
    assert done.returncode == 1
    assert re.search(r"2025-03-09.parquet: the columns .* take [0-9,]+ bytes: raise resources.spill_limit", done.stderr)


def test_init_and_check_config_read_a_bucket(tmp_path: Path, bucket: Bucket) -> None:
    """A proposal for a URL works without an edit."""
    environment = os.environ | {"AWS_ENDPOINT_URL": bucket.proxy.url}
    command = [sys.executable, "-m", "exporter.init", f"s3://{NAME}/events/"]
    proposed = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert f"files: 's3://{NAME}/events/'" in proposed
    (tmp_path / "config.yml").write_text(proposed)
    done = run(tmp_path / "config.yml", "--check-config", AWS_ENDPOINT_URL=bucket.proxy.url)
    assert (done.returncode, "looked at 180 events" in done.stdout) == (0, True), done.stdout + done.stderr


def queried(folder: Path, bucket: Bucket, alert: str) -> str:
    """What the query of an alert's runbook finds in the bucket."""
    command = [sys.executable, "-m", "alerting.check", str(configured(folder, bucket)), "--sql", alert, "--run"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_queries_about_files_name_the_objects(tmp_path: Path, bucket: Bucket) -> None:
    """By their URLs: one that was cut with the reason and the size, one that may not be read with the reason."""
    content = (tmp_path / "local" / "events" / "2025-03-08.parquet").read_bytes()
    (tmp_path / "cut").write_bytes(content[:100])
    bucket.put("events/2025-03-08.parquet", tmp_path / "cut")
    bucket.proxy.answer = of_the_newest(Answer(403, "AccessDenied"))
    found = queried(tmp_path, bucket, "UnreadableFiles")
    lines = [line for line in found.splitlines() if "s3://" in line]
    named = {line.rpartition("/")[2]: line for line in lines}
    assert (len(lines), named.keys()) == (len(DAYS), {f"{day}.parquet" for day in DAYS}), found
    assert " 100 " in named["2025-03-08.parquet"]
    assert "not permitted (HTTP 403 AccessDenied)" in named["2025-03-09.parquet"]


def test_queries_find_days_in_the_names_of_objects(tmp_path: Path, bucket: Bucket) -> None:
    """Local copies have other names, which no query shows."""
    found = queried(tmp_path, bucket, "MissingDay")
    (line,) = [line for line in found.splitlines() if line.startswith("2025-03-08")]
    assert line.count(f"s3://{NAME}/events/2025-03-08.parquet") == 2, found
