"""What was measured, as a JSON document in a file of its own, so that a run that was broken off goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any] | None:
    return dict(json.loads(path.read_text())) if path.exists() else None


def write(path: Path, document: dict[str, Any]) -> None:
    """All of it or nothing, wherever it is broken off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(document, indent=2) + "\n")
    part.replace(path)
