"""Files with a JSON document on each line, whose last line a stop may have cut off: it counts as not written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in _whole(path).splitlines()]


def append(path: Path, document: dict[str, Any]) -> str:
    """Returns the line."""
    whole, line = _whole(path), json.dumps(document)
    if path.exists() and len(whole) < path.stat().st_size:
        path.write_text(whole)
    with path.open("a") as file:
        file.write(line + "\n")
    return line


def _whole(path: Path) -> str:
    text = path.read_text() if path.exists() else ""
    return text[: text.rfind("\n") + 1]
