"""A model host that was launched, whoever its parent is: our end of its connection, and its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
from collections.abc import Callable
from typing import Literal

How = Literal["forked", "spawned"]


class Launched:
    """A host in a process group of its own. Its descriptor (pidfd) stays its own when the number is another's."""

    def __init__(self, how: How, pid: int, descriptor: int, connection: socket.socket, close: Callable[[], None]) -> None:
        """`close` is called once the host is gone."""
        self.how, self.pid, self.connection = how, pid, connection
        self._descriptor, self._close = descriptor, close

    @classmethod
    def child(cls, process: subprocess.Popen[bytes], connection: socket.socket) -> Launched:
        """A process that we started ourselves, and must reap."""
        return cls("spawned", process.pid, os.pidfd_open(process.pid), connection, lambda: _reap(process))

    def kill(self) -> None:
        """With all that it started. May be called again."""
        if self._descriptor >= 0:
            kill(self.pid, self._descriptor)

    def gone(self, seconds: float) -> bool:
        """Waits for its end, and forgets it then."""
        if self._descriptor < 0:
            return True
        if not ended(self._descriptor, seconds):
            return False
        os.close(self._descriptor)
        self._descriptor = -1
        self._close()
        return True


def kill(pid: int, descriptor: int) -> None:
    """A whole process group, and its leader where it is so young that it leads none yet."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)


def ended(descriptor: int, seconds: float) -> bool:
    """Whether a process is over, a zombie too; waits so long for it."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(1000 * seconds))


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.wait()
