"""Draws the overview of the demo's broken day into grafana/overview.png: `make picture`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import node  # noqa: E402
from boards import BOARDS, answered  # noqa: E402
from stack import BROKEN_DAY, judged  # noqa: E402


def page(prometheus: str, board: str, file: Path, width: int = 1400) -> dict[str, object]:
    """What is drawn: a dashboard with its answers."""
    shown = {"panels": answered(prometheus, board), "variables": node.VARIABLES}
    return {"file": str(file), "title": BOARDS[board]["title"], "width": width} | shown


def main() -> int:
    """Draw; returns 1 where the page has errors."""
    reason = node.missing() or (None if node.browser() else "no chromium on PATH nor in the variable CHROMIUM")
    if reason:
        print(f"picture: {reason}", file=sys.stderr)
        return 1
    node.build()
    with tempfile.TemporaryDirectory() as folder, judged(Path(folder), BROKEN_DAY) as stack:
        overview = page(stack.prometheus, "overview", ROOT / "grafana" / "overview.png", 1200)
        errors = node.render(Path(folder), [overview])[0]["errors"]
    print(*errors, sep="\n", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
