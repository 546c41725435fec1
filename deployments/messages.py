"""What a replica and its model host say to each other: length-prefixed msgpack over one unix socket.

    replica -> host   Boot, then any of Start, Abort, Ping
    host -> replica   Progress ..., Ready, then any of Ended, Failed, Direct, Pong; Broken, where it ends by itself
    gateway -> host   Start, Abort: over the host's own socket (`channels.py`); it answers Deltas, Ended and Failed

The end of the replica's socket is the end of the host. Tokens of the replica's own calls travel elsewhere (`frames.py`).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from router.engine import Delta, Job
from router.metrics import Sample

_LENGTH = struct.Struct(">I")
LARGEST = 64 << 20


class Boot(msgspec.Struct, frozen=True, tag=True):
    """`spec` is a ModelSpec as JSON; `seed` is what unseeded requests start from; `door` the path at which gateways may call."""

    spec: str
    seed: int
    door: str = ""


class Start(msgspec.Struct, frozen=True, tag=True):
    """Run a job; its deltas go to the stream of that number at that frame address, or without one to whoever asked."""

    call: int
    job: Job
    address: str = ""
    stream: int = 0


class Abort(msgspec.Struct, frozen=True, tag=True):
    call: int


class Ping(msgspec.Struct, frozen=True, tag=True):
    """Answered only while the engine makes progress or, when idle, completes a one-token canary."""

    number: int


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How far the boot is; `done` and `total` are bytes of weights, while they are loaded and where they are known."""

    phase: str
    done: int = 0
    total: int = 0


class Ready(msgspec.Struct, frozen=True, tag=True):
    engine_version: str


class Broken(msgspec.Struct, frozen=True, tag=True):
    """The engine did not boot, or failed; the host ends. `reason` is for the operator."""

    reason: str


class Deltas(msgspec.Struct, frozen=True, tag=True):
    """What the calls of one gateway gave in one turn of the host's loop, each with its call."""

    items: list[tuple[int, Delta]]


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The job is over and all its tokens were sent. `others`: jobs that the host runs besides."""

    call: int
    others: int = 0


class FailureKind(StrEnum):
    ENGINE_DIED = "engine_died"
    GATEWAY_LOST = "gateway_lost"
    REFUSED = "refused"
    NOT_READY = "not_ready"


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The job ended early; `reason` is for the log."""

    call: int
    kind: FailureKind
    reason: str


class Direct(msgspec.Struct, frozen=True, tag=True):
    """Whether jobs run that did not come through the replica; told at every change."""

    busy: bool


class Pong(msgspec.Struct, frozen=True, tag=True):
    """`running` counts the unfinished choices, in the engine and waiting for it, canaries aside; `prefill` the tokens of
    their prompts, for those choices of which nothing came yet; `measured` is what the engine has counted since it began.
    """

    number: int
    running: int
    prefill: int = 0
    measured: list[Sample] = []


ToHost = Boot | Start | Abort | Ping
ToReplica = Progress | Ready | Broken | Ended | Failed | Direct | Pong
ToGateway = Deltas | Ended | Failed

_encoder = msgspec.msgpack.Encoder()
to_host = msgspec.msgpack.Decoder(ToHost)
to_replica = msgspec.msgpack.Decoder(ToReplica)
to_gateway = msgspec.msgpack.Decoder(ToGateway)


def packed(message: ToHost | ToReplica | ToGateway) -> bytes:
    data = _encoder.encode(message)
    return _LENGTH.pack(len(data)) + data


def send(writer: asyncio.StreamWriter, message: ToHost | ToReplica) -> None:
    """Queues one message; both ends read all the time, so the buffer stays small."""
    writer.write(packed(message))


async def receive(reader: asyncio.StreamReader) -> bytes | None:
    """The next message's bytes, or None once the other side is gone."""
    try:
        size = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))[0]
        return await reader.readexactly(size) if size <= LARGEST else None
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


class Received:
    """Bytes as they come in, and the whole messages among them."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes | bytearray) -> Iterator[memoryview]:
        """Take all of them. Raises ValueError for a message that is longer than any."""
        if self._rest:
            self._rest += data
            if len(self._rest) < _length(self._rest, 0):
                return
            data, self._rest = self._rest, bytearray()
        at = 0
        while (end := at + _length(data, at)) <= len(data):
            yield memoryview(data)[at + _LENGTH.size : end]
            at = end
        self._rest = bytearray(data[at:])


def _length(data: bytes | bytearray, at: int) -> int:
    """Of the message that begins there, as far as its first bytes are here."""
    if len(data) - at < _LENGTH.size:
        return _LENGTH.size
    size: int = _LENGTH.unpack_from(data, at)[0]
    if size > LARGEST:
        raise ValueError(f"a message of {size} bytes")
    return _LENGTH.size + size
