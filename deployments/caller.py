"""Who asks a host for jobs, over a connection of its own: the replica, or a gateway of this machine.

What a gateway's jobs give in one turn of the loop goes out as one message. Writes never wait: a gateway that stops reading loses
its jobs, not the engine.
"""

from __future__ import annotations

import asyncio
import time

from deployments import messages
from deployments.frames import PATIENCE_SECONDS
from deployments.messages import Deltas, ToReplica
from router.engine import Delta

#: Bytes that may wait for a caller, before its jobs end.
MOST_WAITING = 64 << 20


class Caller:
    """It numbers its calls by itself."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer, self._given = writer, list[tuple[int, Delta]]()
        self._written = self._read = 0
        self._heard = time.monotonic()

    @property
    def deaf(self) -> bool:
        """Whether it reads too little."""
        waiting, now = self._writer.transport.get_write_buffer_size(), time.monotonic()
        if not waiting or self._written - waiting > self._read:
            self._read, self._heard = self._written - waiting, now
        return now - self._heard > PATIENCE_SECONDS or waiting > MOST_WAITING

    def give(self, call: int, delta: Delta) -> None:
        """Goes out at the end of this turn of the loop."""
        if not self._given:
            asyncio.get_running_loop().call_soon(self._flush)
        self._given.append((call, delta))

    def tell(self, message: ToReplica) -> None:
        """Goes out at once, after what was given before."""
        self._write(self._pack() + messages.packed(message))

    def _flush(self) -> None:
        self._write(self._pack())

    def _pack(self) -> bytes:
        given, self._given = self._given, []
        return messages.packed(Deltas(given)) if given else b""

    def _write(self, data: bytes) -> None:
        if data and not self._writer.is_closing():
            self._writer.write(data)
            self._written += len(data)
