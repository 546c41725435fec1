"""Which kinds of engine passed the whole self-check in this home: marks on disk, one per kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from router.catalogue import ModelSpec

#: The modules that decide what an engine computes.
SOURCES = ("vllm_engine", "vllm_patches", "vllm_exact", "counter_generator", "self_check", "launch", "turns", "positions", "outputs")
MARK = "passed-"


class Passed:
    """Whether an engine like this one passed: the same model, weights, code, vLLM and processor.

    Never for a GPU: its boots take so long that the whole check is no matter, and nothing here tells one GPU from another.
    """

    def __init__(self, spec: ModelSpec, folder: Path) -> None:
        """`folder` holds the marks."""
        self._path = None if spec.gpus else folder / f"{MARK}{_kind(spec)}"

    def __bool__(self) -> bool:
        return self._path is not None and self._path.exists()

    def note(self) -> None:
        if self._path is not None:
            self._path.touch()


def _kind(spec: ModelSpec) -> str:
    digest = hashlib.sha256()
    for part in _parts(spec):
        digest.update(part + b"\0")
    return digest.hexdigest()[:16]


def _parts(spec: ModelSpec) -> Iterator[bytes]:
    yield spec.model_dump_json().encode()
    yield version("torch").encode()
    yield from (Path(__file__).with_name(f"{name}.py").read_bytes() for name in SOURCES)
    yield from (line for line in Path("/proc/cpuinfo").read_bytes().splitlines()[:30] if line.startswith((b"model name", b"flags")))
    for path in sorted(Path(spec.folder).glob("*")):
        found = path.stat()
        yield f"{path.name} {found.st_size} {found.st_mtime_ns}".encode()
