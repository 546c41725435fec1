"""Channels: the way of jobs from a gateway straight to the model hosts of its machine, and of their tokens back.

Serve's call of a replica costs the gateway more than all else it does for a small request, and the replica as much again. A host
listens at a path that is its replica's; who connects says Start and Abort, and hears Deltas, Ended and Failed (`messages.py`). The
end of a connection ends the jobs that came over it. Which replica it is, Serve's own news decide (`replica_sets.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import cast

import msgspec

from deployments import messages
from deployments.inbox import Inbox
from deployments.messages import Abort, Deltas, Ended, Failed, FailureKind, Received, Start, ToGateway
from router.engine import Job

CONNECT_SECONDS = 1.0
#: How soon a host that could not be reached is tried again.
AGAIN_SECONDS = 1.0

Outcome = Ended | Failed
Told = Callable[[Outcome], None]

log = logging.getLogger("ray.serve")


def door_path(folder: Path, replica: str) -> Path:
    """Where the host of this process's replica listens; swept when the process is gone (`frames.socket_folder`)."""
    return folder / f"c-{os.getpid()}-{replica}"


class Channel(asyncio.Protocol):
    """One connection. `alive` until the host hangs up; every call is told then."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._calls: dict[int, tuple[Inbox, Told]] = {}
        self._numbers, self._received = itertools.count(1), Received()

    @property
    def alive(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def busy(self) -> bool:
        return bool(self._calls)

    def start(self, job: Job, inbox: Inbox, told: Told) -> int:
        """Runs a job, whose tokens come into the inbox; `told` hears once how it ended, unless it is aborted."""
        call = next(self._numbers)
        self._calls[call] = inbox, told
        self._send(Start(call, job))
        return call

    def abort(self, call: int) -> None:
        if self._calls.pop(call, None) is not None:
            self._send(Abort(call))

    def _send(self, message: Start | Abort) -> None:
        if self._transport is not None and self.alive:
            self._transport.write(messages.packed(message))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._received.feed(data):
                self._take(messages.to_gateway.decode(message))
        except (msgspec.MsgspecError, ValueError):
            log.exception("a model host said what none says; its jobs over this connection end")
            self.close()

    def _take(self, message: ToGateway) -> None:
        match message:
            case Deltas(items):
                for call, delta in items:
                    if call in self._calls:
                        self._calls[call][0].put(delta)
            case (Ended(call) | Failed(call)) as outcome if call in self._calls:
                self._calls.pop(call)[1](outcome)

    def connection_lost(self, error: Exception | None) -> None:
        calls, self._calls = self._calls, {}
        for call, (_, told) in calls.items():
            told(Failed(call, FailureKind.ENGINE_DIED, "the model host is gone"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Channels:
    """To the hosts of one machine, by their replicas' ids; made when they are first wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Channel] = {}
        self._failed: dict[str, float] = {}

    async def to(self, replica: str) -> Channel | None:
        """None for a replica of another machine, and for one whose host does not listen now."""
        channel = self._open.get(replica)
        if channel is not None and channel.alive:
            return channel
        if time.monotonic() < self._failed.get(replica, 0.0):
            return None
        return await self._connect(replica)

    async def _connect(self, replica: str) -> Channel | None:
        path = next(self._folder.glob(f"c-*-{replica}"), None)
        made = None if path is None else await _connected(path)
        present = self._open.get(replica)
        if present is not None and present.alive:  # another request was faster
            if made is not None:
                made.close()
            return present
        if made is None:
            self._failed[replica] = time.monotonic() + AGAIN_SECONDS
        else:
            self._open[replica] = made
        return made

    def keep(self, replicas: Collection[str]) -> None:
        """Those to others are closed, once what runs over them has ended."""
        for replica in self._open.keys() - set(replicas):
            if not self._open[replica].busy:
                self._open.pop(replica).close()
        for replica in self._failed.keys() - set(replicas):
            del self._failed[replica]

    def close(self) -> None:
        for channel in self._open.values():
            channel.close()


async def _connected(path: Path) -> Channel | None:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            return (await asyncio.get_running_loop().create_unix_connection(Channel, str(path)))[1]
    return None
