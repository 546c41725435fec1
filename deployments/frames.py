"""Token frames: the way of tokens from model hosts to gateways, beside Serve's own calls.

A host collects the deltas of all its streams during one turn of its event loop and sends each gateway
one message: msgpack of `[[stream, delta], ...]`. A gateway binds one PULL socket and hands each delta to
its stream's queue. Sends never block: a gateway that stops reading loses its streams, not the engine.
Losses are found by whoever reads a stream, because a delta carries the index of its first token.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zmq
import zmq.asyncio

from router.engine import Delta

#: Messages that may wait for one gateway; each is one engine step.
HIGH_WATER_MARK = 2_000
#: Longest path of a unix socket on Linux, less the longest name in the folder: vLLM's, a slash and a UUID.
LONGEST_FOLDER = 107 - 37

#: How long a gateway may take nothing before its streams end, and how often it is tried meanwhile.
PATIENCE_SECONDS = 2.0
RETRY_SECONDS = 0.005

Item = tuple[int, Delta]


def socket_folder(home: Path) -> Path:
    """`home/run`, or a private folder under the temporary one where that path is too long for a socket.

    Sockets that killed gateways left there are removed.
    """
    folder = home / "run"
    if len(str(folder)) > LONGEST_FOLDER:
        folder = Path(tempfile.gettempdir()) / f"basemodel-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.glob("f-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            left.unlink(missing_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise PermissionError(f"{folder} must belong to you alone; remove it and start again.")
    return folder


class FrameReceiver:
    """The gateway's end: one PULL socket, one queue per stream."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"f-{os.getpid()}-{secrets.token_hex(4)}"
        self._socket = zmq.asyncio.Context.instance().socket(zmq.PULL)
        self._socket.setsockopt(zmq.RCVHWM, HIGH_WATER_MARK)
        self._socket.bind(self.address)
        self._streams: dict[int, asyncio.Queue[Delta | None]] = {}
        self._decoder = msgspec.msgpack.Decoder(list[Item])
        self._task = asyncio.create_task(self._receive())

    @property
    def address(self) -> str:
        return f"ipc://{self._path}"

    def open(self) -> tuple[int, asyncio.Queue[Delta | None]]:
        """A new stream: an unguessable number and the queue its deltas come in."""
        stream, queue = secrets.randbits(63), asyncio.Queue[Delta | None]()
        self._streams[stream] = queue
        return stream, queue

    def close_stream(self, stream: int) -> None:
        self._streams.pop(stream, None)

    async def _receive(self) -> None:
        while True:
            for stream, delta in self._decoder.decode(await self._socket.recv()):
                queue = self._streams.get(stream)
                if queue is not None:
                    queue.put_nowait(delta)

    def close(self) -> None:
        self._task.cancel()
        self._socket.close(linger=0)
        self._path.unlink(missing_ok=True)


@dataclass
class Gateway:
    """A gateway as a host sees it: items that wait for it, and since when it takes none (monotonic seconds)."""

    socket: zmq.Socket[bytes]
    waiting: list[Item] = field(default_factory=list)
    blocked: float | None = None

    @classmethod
    def at(cls, address: str) -> Gateway:
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
        socket.setsockopt(zmq.SNDHWM, HIGH_WATER_MARK)
        socket.setsockopt(zmq.LINGER, 0)
        # Nothing is queued for a peer that is not there: a gateway that died is noticed at once.
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.connect(address)
        return cls(socket)


class FrameSender:
    """The host's end: one PUSH socket per gateway, one message per gateway and turn of the loop."""

    def __init__(self, lost: Callable[[str], None]) -> None:
        """`lost(address)` is called when a gateway no longer takes its frames."""
        self._lost = lost
        self._gateways: dict[str, Gateway] = {}
        self._scheduled = False
        self._encoder = msgspec.msgpack.Encoder()

    def send(self, address: str, stream: int, delta: Delta) -> None:
        if address not in self._gateways:
            self._gateways[address] = Gateway.at(address)
        self._gateways[address].waiting.append((stream, delta))
        self._schedule(0.0)

    def _schedule(self, seconds: float) -> None:
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_later(seconds, self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        for address, gateway in list(self._gateways.items()):
            if gateway.waiting:
                self._send(address, gateway)

    def _send(self, address: str, gateway: Gateway) -> None:
        """What cannot be sent now, because the gateway is being connected or does not read, is tried again."""
        try:
            gateway.socket.send(self._encoder.encode(gateway.waiting), zmq.NOBLOCK)
        except zmq.Again:
            gateway.blocked = gateway.blocked or time.monotonic()
            if time.monotonic() - gateway.blocked < PATIENCE_SECONDS:
                return self._schedule(RETRY_SECONDS)
            self._forget(address)
            self._lost(address)
        else:
            gateway.waiting, gateway.blocked = [], None

    def _forget(self, address: str) -> None:
        self._gateways.pop(address).socket.close(linger=0)

    def close(self) -> None:
        for address in list(self._gateways):
            self._forget(address)
