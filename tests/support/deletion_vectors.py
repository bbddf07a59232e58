"""Deletion vectors of Delta Lake, as the protocol writes them, for a log that no writer at hand makes."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

_MAGIC = 1681511377
_NO_RUNS = 12346
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def delete_rows(table: Path, rows: Sequence[int]) -> None:
    """Add a version to the table's log in which these rows of its only file are deleted."""
    log = table / "_delta_log"
    versions = sorted(log.glob("*.json"))
    (add,) = (action["add"] for path in versions for action in map(json.loads, path.open()) if "add" in action)
    vector = _inline(rows)
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["deletionVectors", "timestampNtz"],
        "writerFeatures": ["deletionVectors", "timestampNtz"],
    }
    removed = {"path": add["path"], "deletionTimestamp": 0, "dataChange": True, "size": add["size"]}
    added = add | {"deletionVector": vector, "dataChange": True}
    actions = [{"protocol": protocol}, {"remove": removed}, {"add": added}]
    (log / f"{len(versions):020}.json").write_text("\n".join(map(json.dumps, actions)))


def _inline(rows: Sequence[int]) -> dict[str, object]:
    """A vector in the log itself: a bitmap of 32 bits in an array of one, with all rows in one container."""
    container = struct.pack(f"<HH{len(rows)}xI", 0, len(rows) - 1, 16)[:4]
    bitmap = struct.pack("<II", _NO_RUNS, 1) + container + struct.pack("<I", 16) + struct.pack(f"<{len(rows)}H", *rows)
    content = struct.pack("<IqI", _MAGIC, 1, 0) + bitmap
    padded = content + bytes(-len(content) % 4)
    return {"storageType": "i", "pathOrInlineDv": _z85(padded), "sizeInBytes": len(content), "cardinality": len(rows)}


def _z85(content: bytes) -> str:
    text = ""
    for start in range(0, len(content), 4):
        value = int.from_bytes(content[start : start + 4], "big")
        text += "".join(_Z85[value // 85**power % 85] for power in range(4, -1, -1))
    return text
