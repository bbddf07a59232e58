"""A headless Chromium, spoken to by its DevTools protocol over two pipes: no driver, no script in the page."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import F_DUPFD, fcntl
from pathlib import Path
from typing import Any, BinaryIO

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars")
START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)
"""Puts two pipes where the browser looks for them, and becomes it."""

CONTRASTS = """
(() => {
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const ground = element => {
    for (let each = element; each; each = each.parentElement) {
      const found = parts(getComputedStyle(each).backgroundColor);
      if (found.length < 4 || found[3] === 1) return found;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  const ratio = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (text) found.push([text.slice(0, 40), ratio(parts(getComputedStyle(element).color), ground(element))]);
  }
  for (const element of document.querySelectorAll(".curve, .limit, .usual, .newest")) {
    const drawn = getComputedStyle(element);
    const colour = element.matches(".newest") ? drawn.fill : drawn.stroke;
    found.push([element.getAttribute("class"), ratio(parts(colour), ground(element.parentElement))]);
  }
  return found;
})()
"""
"""The contrast of every text with its background, and of what is drawn, by the definition of WCAG 2."""

LOADED = "performance.getEntriesByType('resource').map(each => each.name)"
"""What a page loaded beside itself."""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""How many pixels a page is wider than the window."""


def program() -> str | None:
    """The browser, where there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a browser; `complaints` are what it logged, such as violations of a policy."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self.complaints: list[str] = []
        self._commands, self._answers = commands, answers
        self._number = 0
        self._rest = b""
        target = self._do("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self._do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Log", "Runtime"):
            self._do(f"{domain}.enable")

    def open(self, url: str, width: int = 1200, scheme: str = "light", media: str = "") -> None:
        """Load a page in a window of so many pixels; without `media`, as a screen or a printer shows it."""
        self.complaints.clear()
        self._do("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._do("Emulation.setEmulatedMedia", media=media, features=features)
        self._do("Page.navigate", url=url)
        self._until(lambda event: event.get("method") == "Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self._do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def picture(self, path: Path) -> None:
        """Write a picture of the whole page."""
        found = self._do("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def pdf(self) -> bytes:
        """The page as it is printed on A4."""
        found = self._do("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
        return base64.b64decode(found["data"])

    def _do(self, method: str, **parameters: object) -> Any:
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters, **getattr(self, "_session", {})}
        self._commands.write(json.dumps(command).encode() + b"\0")
        answer = self._until(lambda event: event.get("id") == self._number)
        assert "error" not in answer, (method, answer)
        return answer["result"]

    def _until(self, is_awaited: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            while b"\0" not in self._rest:
                read = os.read(self._answers.fileno(), 1 << 20)
                assert read, "the browser ended"
                self._rest += read
            message, _, self._rest = self._rest.partition(b"\0")
            event = json.loads(message)
            if event.get("method") == "Log.entryAdded":
                self.complaints.append(event["params"]["entry"]["text"])
            if is_awaited(event):
                return dict(event)


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """A browser with its profile in the folder; there must be a `program`."""
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()
    theirs = [fcntl(each, F_DUPFD, 10) for each in (theirs_in, theirs_out)]
    for each in (theirs_in, theirs_out):
        os.close(each)

    command = [str(program()), *OPTIONS, "--remote-debugging-pipe", f"--user-data-dir={folder}"]
    process = subprocess.Popen(
        [sys.executable, "-c", START, *map(str, theirs), *command],
        pass_fds=theirs,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for each in theirs:
        os.close(each)
    with os.fdopen(ours_out, "wb", buffering=0) as commands, os.fdopen(ours_in, "rb", buffering=0) as answers:
        try:
            yield Browser(commands, answers)
        finally:
            process.terminate()
            process.wait(30)
