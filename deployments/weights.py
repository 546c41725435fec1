"""How large a model's weights are, as far as that is known before they are loaded."""

from __future__ import annotations

import json
from pathlib import Path

INDEX = "model.safetensors.index.json"


def size(folder: str) -> int:
    """Bytes of the safetensors files that vLLM will read; 0 where it is unknown: a repository that is still to be downloaded."""
    found = Path(folder)
    try:
        return sum((found / name).stat().st_size for name in _names(found))
    except (OSError, ValueError, KeyError):
        return 0


def _names(folder: Path) -> set[str]:
    index = folder / INDEX
    if index.exists():
        return set(json.loads(index.read_text())["weight_map"].values())
    return {path.name for path in folder.glob("*.safetensors")}
