"""The zygote as seen by who needs it: finds it, starts it, has it fork a model host.

One zygote per home and kind of device. It holds the lock on a file beside its socket for as long as it lives, so there
is never a second one; the file says its process id or why it could not start. Nobody owns it: whoever misses it starts
it, and it ends by itself (`zygote.py`).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import msgspec

CHECKOUT = Path(__file__).parent.parent

Kind = Literal["cpu", "gpu"]

#: A zygote takes some 20 ms to answer, and seconds on a machine with far too much to do; one that is silent for so long is replaced.
ANSWER_SECONDS = 6.0
#: How long a boot waits for a zygote that is still importing: a spawned host would import the same beside it.
WAIT_SECONDS = 25.0
#: A zygote that is not ready so long after its start never will be.
HUNG_SECONDS = 90.0
#: How long nobody tries after one said that it cannot start.
FAILED_SECONDS = 60.0
LOOK_SECONDS = 0.05
FAILED = "failed"
LARGEST = 1 << 16

log = logging.getLogger("ray.serve")


class Request(msgspec.Struct, frozen=True, tag=True):
    """Fork a host. Sent with two descriptors: the host's end of its connection, and its log."""

    model: str
    environment: dict[str, str]
    code: str


class Adopt(msgspec.Struct, frozen=True, tag=True):
    """A host that another zygote forked is to be ended with us. Sent with its pidfd, and not answered."""

    pid: int


@dataclass(frozen=True)
class Forked:
    """`descriptor` is the host's pidfd; the end of `connection` tells the zygote of our end, and us of its."""

    pid: int
    descriptor: int
    connection: socket.socket


def socket_path(folder: Path, home: Path, kind: Kind) -> Path:
    """With the home in its name, because homes with long paths share a folder."""
    return folder / f"zygote-{kind}-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"


def code() -> str:
    """What tells one version of our code from another: a zygote keeps what it once imported."""
    files = [path.stat() for name in ("deployments", "router") for path in sorted((CHECKOUT / name).glob("*.py"))]
    return hashlib.sha256(repr([(one.st_size, one.st_mtime_ns) for one in files]).encode()).hexdigest()


class ZygoteClient:
    """All methods block; none raises."""

    def __init__(self, path: Path, environment: Mapping[str, str], log_path: Path) -> None:
        """`environment` is what the zygote imports with; hosts bring their own."""
        self._path, self._environment, self._log_path = path, environment, log_path
        self._lock_path = path.with_suffix(".lock")

    def begin(self) -> bool:
        """Starts a zygote unless one lives or could not start a moment ago. Returns before it is ready: whether there is one."""
        with open(os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+") as lock:
            if not _lock(lock):
                return True
            return not self._failed(lock) and self._start(lock)

    def _failed(self, lock: IO[str]) -> bool:
        since = time.time() - os.fstat(lock.fileno()).st_mtime
        return lock.read().startswith(FAILED) and since < FAILED_SECONDS

    def _start(self, lock: IO[str]) -> bool:
        """The zygote takes over our lock with the descriptor, and leaves us before it imports anything."""
        lock.truncate(0)
        self._path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "deployments.zygote", str(self._path), str(lock.fileno())]
        with open(self._log_path, "ab") as output:
            begun = subprocess.run(
                command,
                pass_fds=[lock.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(self._environment),
                start_new_session=True,
            )
        return begun.returncode == 0

    def fork(self, request: Request, descriptors: Sequence[int]) -> Forked | None:
        """A new host with these as its end of its connection and its log, or None where it has to be spawned."""
        connection = self._connect()
        if connection is None and self.begin():
            connection = self.await_ready()
        if connection is None:
            return None
        try:
            return self._ask(connection, request, descriptors)
        except TimeoutError:
            log.warning("the zygote gave no answer for %s s and is replaced", ANSWER_SECONDS)
            self.kill()
        except OSError as error:
            log.warning("the zygote is lost: %s", error)
        connection.close()
        self.replace()
        return None

    def _connect(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            return None
        return connection

    def await_ready(self) -> socket.socket | None:
        """A connection to a zygote that may still be importing."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (connection := self._connect()) is None and self.alive() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        if connection is None and self.alive() and time.time() - self._lock_path.stat().st_mtime > HUNG_SECONDS:
            self.kill()
        return connection

    def _ask(self, connection: socket.socket, request: Request, descriptors: Sequence[int]) -> Forked | None:
        """Raises OSError."""
        send(connection, request, descriptors)
        answer, received, _, _ = socket.recv_fds(connection, LARGEST, 1, socket.MSG_CMSG_CLOEXEC)
        if received:
            return Forked(int(answer), received[0], connection)
        raise ConnectionError(answer.decode() or "it closed the connection")

    def alive(self) -> bool:
        """Whether somebody holds the lock."""
        with contextlib.suppress(FileNotFoundError), open(self._lock_path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @property
    def pid(self) -> int | None:
        """The living zygote's."""
        found = self._lock_path.read_text() if self.alive() else ""
        return int(found) if found.isdigit() else None

    def kill(self) -> None:
        """Ends the zygote, in whatever state it is; its hosts go on."""
        if (pid := self.pid) is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._await_end()

    def _await_end(self) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while self.alive() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def replace(self) -> None:
        """Starts another for one that is ending: it may still hold the lock."""
        self._await_end()
        self.begin()


def _lock(file: IO[str]) -> bool:
    """Tries more than once, because who asks whether a zygote lives holds the lock for that moment."""
    for _ in range(3):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(LOOK_SECONDS)
    return False


def send(connection: socket.socket, message: Request | Adopt, descriptors: Sequence[int]) -> None:
    """Raises OSError."""
    socket.send_fds(connection, [msgspec.msgpack.encode(message)], descriptors)
