"""Token frames: the way of tokens from model hosts to gateways, beside Serve's own calls.

A host collects the deltas of all its streams during one turn of its event loop and sends each gateway one message: msgpack
of `[[stream, delta], ...]`. A gateway binds a PULL socket, and a port where the cluster has more machines (`frame_address.py`),
and hands each delta to its stream's inbox. Sends never block: a gateway that stops reading loses its streams, not the engine.
Losses are found by whoever reads a stream, because a delta carries the index of its first token.
"""

from __future__ import annotations

import asyncio
import logging
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

from deployments.frame_address import IPC, FrameAddress, listen, this_machine
from deployments.inbox import Inbox
from router.engine import Delta

#: Messages that may wait for one gateway; each is one engine step.
HIGH_WATER_MARK = 2_000
#: Longest path of a unix socket on Linux, less the longest name in the folder: vLLM's, a slash and a UUID.
LONGEST_FOLDER = 107 - 37

#: How long a gateway may take nothing before its streams end, and how often it is tried meanwhile.
PATIENCE_SECONDS = 2.0
RETRY_SECONDS = 0.005

Item = tuple[int, Delta]

log = logging.getLogger("ray.serve")


def socket_folder(home: Path) -> Path:
    """`home/run`, or a private folder under the temporary one where that path is too long for a socket.

    Sockets that killed gateways and replicas left there are removed.
    """
    folder = home / "run"
    if len(str(folder)) > LONGEST_FOLDER:
        folder = Path(tempfile.gettempdir()) / f"basemodel-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in (*folder.glob("f-*"), *folder.glob("c-*")):
        if not Path("/proc", left.name.split("-")[1]).exists():
            left.unlink(missing_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise PermissionError(f"{folder} must belong to you alone; remove it and start again.")
    return folder


class FrameReceiver:
    """The gateway's end: PULL sockets, one inbox per stream. `host`: an address of this machine at which hosts on others reach it."""

    def __init__(self, folder: Path, host: str | None = None) -> None:
        self._path = folder / f"f-{os.getpid()}-{secrets.token_hex(4)}"
        self._sockets = [_puller()]
        self._sockets[0].bind(IPC + str(self._path))
        port, key = "", ""
        if host is not None:
            self._sockets.append(_puller())
            port, key = listen(self._sockets[1], host)
        self.address = str(FrameAddress(this_machine(), IPC + str(self._path), port, key))
        self._streams: dict[int, Inbox] = {}
        self._decoder = msgspec.msgpack.Decoder(list[Item])
        self._tasks = [asyncio.create_task(self._receive(one)) for one in self._sockets]

    def open(self) -> tuple[int, Inbox]:
        """A new stream: an unguessable number and the inbox its deltas come in."""
        stream, inbox = secrets.randbits(63), Inbox()
        self._streams[stream] = inbox
        return stream, inbox

    def close_stream(self, stream: int) -> None:
        self._streams.pop(stream, None)

    async def _receive(self, puller: zmq.asyncio.Socket) -> None:
        while True:
            try:
                items = self._decoder.decode(await puller.recv())
            except msgspec.MsgspecError:
                log.warning("a message came that is no frame; its tokens, if it had any, will be missed")
                continue
            for stream, delta in items:
                inbox = self._streams.get(stream)
                if inbox is not None:
                    inbox.put(delta)

    def close(self) -> None:
        for task, puller in zip(self._tasks, self._sockets, strict=True):
            task.cancel()
            puller.close(linger=0)
        self._path.unlink(missing_ok=True)


def _puller() -> zmq.asyncio.Socket:
    puller = zmq.asyncio.Context.instance().socket(zmq.PULL)
    puller.setsockopt(zmq.RCVHWM, HIGH_WATER_MARK)
    return puller


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
        FrameAddress.read(address).connect(socket)
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
