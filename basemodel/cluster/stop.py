"""Stopping everything that was started for a home, whatever state it is in, and nothing else."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from basemodel.cluster.processes import end, marked, title, wait_gone
from basemodel.cluster.state import State
from basemodel.failure import Failure

OWNER_SECONDS = 40.0
RAY_GRACE_SECONDS = 10.0
REDIS_GRACE_SECONDS = 15.0
REST_GRACE_SECONDS = 3.0
SWEEPS = 5


def down(home: Path) -> list[str]:
    """Ends an `up` that is starting or in the foreground, then every process of this home; the titles of what was ended. Raises Failure."""
    owners = _end_owner(home)
    with starting(home):
        return owners + sweep(home)


def sweep(home: Path) -> list[str]:
    """For the holder of the lock. Ray first, because the raylet ends its workers; Redis last, for its data."""
    ended: list[str] = []
    for _ in range(SWEEPS):
        processes = marked(home)
        if not processes:
            State.forget(home)
            return ended
        ended += [title(process) for process in processes]
        _end_in_order(processes)
    raise Failure(f"Some processes of {home} do not end: {', '.join(str(process.pid) for process in marked(home))}.")


def _end_in_order(processes: list[psutil.Process]) -> None:
    """A raylet that is asked to end takes its workers along, and they their model hosts."""
    redis = [process for process in processes if title(process) == "redis-server"]
    raylets = [process for process in processes if title(process) == "raylet"]
    rest = [process for process in processes if process not in redis and process not in raylets]
    end(raylets, RAY_GRACE_SECONDS)
    end(wait_gone(rest, 1.0), REST_GRACE_SECONDS)
    end(redis, REDIS_GRACE_SECONDS)


def _end_owner(home: Path) -> list[str]:
    """An `up` that gets SIGTERM stops everything itself; a stuck one is killed."""
    state = State.read(home)
    owner = state.owner.process if state and state.owner else None
    if owner is None or owner.pid == os.getpid():
        return []
    end([owner], OWNER_SECONDS)
    return ["basemodel up"]


@contextmanager
def starting(home: Path) -> Iterator[None]:
    """One `up` or `down` at a time for a home. Raises Failure at once when another is busy."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(home / "lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"Another `basemodel up` or `down` is at work in {home}; wait for it to end.") from None
        yield
