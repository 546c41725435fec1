"""The cold models of tests, beside those of serve_config.yaml: one that sleeps early, and ones whose boots go wrong."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import yaml

from basemodel.cluster.config import DEFAULT_CONFIG
from router.catalogue import EMBEDDED

WEIGHTS = "model.safetensors"
#: Seconds without work after which a sleeper is stopped; and for which a boot of one may last.
IDLE_SECONDS, BOOT_SECONDS = 3, 60


def config(folder: Path) -> Path:
    """serve_config.yaml with the sleepers, whose weights are in the folder."""
    content: dict[str, Any] = yaml.safe_load(DEFAULT_CONFIG.read_text())
    models = content["applications"][0]["deployments"][0]["user_config"]["models"]
    nano = next(model for model in models if model["id"] == "nano")
    for name, fields in sleepers(folder).items():
        spec = {**nano, "id": name, "idle_seconds": IDLE_SECONDS, "max_boots_per_hour": 1000, **fields}
        models.append(spec)
        app = {"name": f"model-{name}", "route_prefix": None, "import_path": "deployments.model:build", "args": spec}
        content["applications"].append(app)
    path = folder / "serve_config.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def sleepers(folder: Path) -> dict[str, dict[str, Any]]:
    """By id, in what each differs from nano."""
    return {
        "dozer": {},
        "plodder": {"fork": False},
        "rare": {"max_boots_per_hour": 1},
        "torn": {"path": str(torn(folder / "torn"))},
        "stuck": {"path": str(stuck(folder / "stuck")), "boot_timeout_seconds": 10},
        "huge": {"num_cpus": 64.0},
    }


def copied(folder: Path) -> Path:
    shutil.copytree(EMBEDDED / "nano", folder)
    return folder


def torn(folder: Path) -> Path:
    """Weights that end too early."""
    whole = (copied(folder) / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    return folder


def stuck(folder: Path) -> Path:
    """Two shards, of which the second never comes: whoever opens it waits."""
    header, data = read(copied(folder) / WEIGHTS)
    names = sorted(header)
    shards = {"a.safetensors": names[: len(names) // 2], "b.safetensors": names[len(names) // 2 :]}
    for shard, part in shards.items():
        (folder / shard).write_bytes(tensors({name: header[name] for name in part}, data))
    index = {"metadata": {}, "weight_map": {name: shard for shard, part in shards.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / WEIGHTS).unlink()
    (folder / "b.safetensors").rename(folder / "b.there")
    os.mkfifo(folder / "b.safetensors")
    return folder


def read(path: Path) -> tuple[dict[str, Any], bytes]:
    """Of a file of safetensors: what is said of each tensor, and their bytes."""
    whole = path.read_bytes()
    end = 8 + struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8:end])
    header.pop("__metadata__", None)
    return header, whole[end:]


def tensors(header: dict[str, Any], data: bytes) -> bytes:
    """A file of safetensors with these tensors."""
    said: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    parts: list[bytes] = []
    for name, one in header.items():
        began, end = one["data_offsets"]
        at = sum(map(len, parts))
        said[name] = one | {"data_offsets": [at, at + end - began]}
        parts.append(data[began:end])
    text = json.dumps(said).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def mend(folder: Path, missing: str, there: Path) -> None:
    """Puts a whole file where a broken one was, in one step."""
    draft = folder / "draft"
    shutil.copyfile(there, draft)
    draft.replace(folder / missing)
