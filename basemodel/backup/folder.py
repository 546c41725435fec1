"""A backup's folder: either whole or not there, and what is in it is what was put there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from basemodel.failure import Failure
from router.routes.health import package_version

MANIFEST = "backup.json"


@contextmanager
def made(folder: Path) -> Iterator[Path]:
    """A folder to write into, which takes the name when all is in it and on the disk. Raises Failure."""
    if folder.exists():
        raise Failure(f"{folder} is there already; name a folder that is not.")
    draft = folder.with_name(f"{folder.name}.partial")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        yield draft
        _seal(draft)
        draft.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise Failure(f"The backup could not be written ({error}).") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read(folder: Path) -> dict[str, Any]:
    """The manifest, whose files are all there as they were written. Raises Failure."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        wrong = [name for name, digest in manifest["files"].items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        why = type(error).__name__
        raise Failure(f"{folder} is no backup, or not a whole one ({why}); name one that `basemodel backup` made.") from error
    if wrong:
        raise Failure(f"{', '.join(wrong)} of {folder} is not as it was written; use another backup.")
    return manifest


def _seal(draft: Path) -> None:
    files = sorted(draft.iterdir())
    digests = {file.name: _digest(file) for file in files}
    manifest = {"made": int(time.time()), "version": package_version(), "files": digests}
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    for path in (*files, draft / MANIFEST):
        path.chmod(0o600)
        _sync(path)
    _sync(draft)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
