"""Which processes are ours, and ending them.

Every process that `up` starts, and whatever those start, carries `MARK=<home>` in its environment. That is
the only thing `down` goes by: it survives a lost state file and a killed `up`, and it can neither be
mistaken after a process id was reused nor match another Ray of the same user.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

MARK = "BASEMODEL_STARTED_FOR"


@dataclass(frozen=True)
class Identity:
    """A process and when it started (Unix seconds), so that a reused id is another process."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Identity:
        """Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    @property
    def process(self) -> psutil.Process | None:
        """The process, or None when it is gone or the id is another's now."""
        try:
            found = psutil.Process(self.pid)
            alive = abs(found.create_time() - self.started) < 0.05 and found.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return found if alive else None


def marked(home: Path) -> list[psutil.Process]:
    """Every living process that was started for this home, oldest first.

    Descendants of a marked process count too: a program may write its title over its environment.
    """
    found = set(_marked(home))
    for process in list(found):
        with contextlib.suppress(psutil.Error):
            found.update(child for child in process.children(recursive=True) if _alive(child))
    return sorted(found, key=lambda process: process.create_time())


def _marked(home: Path) -> Iterator[psutil.Process]:
    entry = f"{MARK}={home}".encode()
    for pid in psutil.pids():
        try:
            process = psutil.Process(pid)
            if entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (psutil.Error, OSError):
            continue


def title(process: psutil.Process) -> str:
    """What a person calls it: `ray::ServeReplica:gateway:Gateway`, `raylet`, `redis-server`."""
    try:
        words = process.cmdline() or [process.name()]
    except psutil.Error:
        return "a process that just ended"
    if not any(words[1:]):
        words = words[0].split()  # a title that the process gave itself
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else None
    script = next((Path(word).stem for word in words[1:3] if word.endswith(".py")), None)
    return module or script or os.path.basename(words[0].split(" ")[0])


def end(processes: list[psutil.Process], grace_seconds: float) -> list[psutil.Process]:
    """SIGTERM, then SIGKILL after the grace; returns what had to be killed."""
    for process in processes:
        _quietly(process.terminate)
    survivors = wait_gone(processes, grace_seconds)
    for process in survivors:
        _quietly(process.kill)
    wait_gone(survivors, 5)
    return survivors


def wait_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those still alive after this time. A zombie whose parent never asks is gone."""
    deadline = time.monotonic() + seconds
    while True:
        processes = [process for process in processes if _alive(process)]
        if not processes or time.monotonic() > deadline:
            return processes
        time.sleep(0.05)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _quietly(act: Callable[[], None]) -> None:
    """What ended in the meantime is as it should be."""
    with contextlib.suppress(psutil.Error):
        act()
