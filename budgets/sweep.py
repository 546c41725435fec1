"""What dead processes of this node left behind becomes ours to tell."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from budgets import flight, spool
from budgets.ending import Ending

log = logging.getLogger(__name__)


async def sweep(folder: Path, into: spool.Spool) -> int:
    """How many endings were taken over. A dead process's files go only when all of them are in our own spool.

    Raises OSError. Two sweeps at once are kept apart by the lock; told twice, an ending changes nothing.
    """
    return sum([await _take(path, into) for path in _flights(folder)])


def _flights(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.flight"))


async def _take(path: Path, into: spool.Spool) -> int:
    with _dead(path) as recorded:
        if recorded is None:
            return 0
        left = _left(path, recorded)
        if left is None:
            return 0
        await into.append(left)
        _remove(path)
    log.warning("%s was left by a dead process; %d requests of it are ended now", path.name, len(left))
    return len(left)


def _remove(path: Path) -> None:
    """The flight file goes last: whoever is killed between the two is followed by a sweep that finds it."""
    path.with_suffix(".spool").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _left(path: Path, recorded: bytes) -> list[Ending] | None:
    """What the spool says comes last and holds: a row outlives its settlement for a moment."""
    try:
        found = [*flight.endings(recorded), *spool.read(path.with_suffix(".spool"))]
    except (ValueError, TypeError, KeyError) as error:
        log.error("%s is left as it is: %r", path, error)
        return None
    return list({ending.request_id: ending for ending in found}.values())


@contextmanager
def _dead(path: Path) -> Iterator[bytes | None]:
    """The contents, while we have the lock; None where its owner lives, or another sweep was faster."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield _locked(file)
    finally:
        os.close(file)


def _locked(file: int) -> bytes | None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    with os.fdopen(os.dup(file), "rb") as copy:
        return copy.read() if os.fstat(file).st_nlink else None
