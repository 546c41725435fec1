"""What a replica and its model host say to each other: length-prefixed msgpack over one unix socket.

    replica -> host   Boot, then any of Start, Abort, Ping
    host -> replica   Progress ..., Ready, then any of Ended, Failed, Pong; Broken, where it ends by itself

The end of the socket is the end of the host. Token frames travel elsewhere (`frames.py`).
"""

from __future__ import annotations

import asyncio
import struct
from enum import StrEnum

import msgspec

from router.engine import Job

_LENGTH = struct.Struct(">I")
LARGEST = 64 << 20


class Boot(msgspec.Struct, frozen=True, tag=True):
    """`spec` is a ModelSpec as JSON; `seed` is what unseeded requests start from."""

    spec: str
    seed: int


class Start(msgspec.Struct, frozen=True, tag=True):
    """Run a job; its deltas go to the stream of that number at that frame address."""

    call: int
    job: Job
    address: str
    stream: int


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


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The job is over and all its tokens were sent."""

    call: int


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


class Pong(msgspec.Struct, frozen=True, tag=True):
    """`running` counts the unfinished choices, in the engine and waiting for it, canaries aside; `prefill` the tokens of
    their prompts, for those choices of which nothing came yet.
    """

    number: int
    running: int
    prefill: int = 0


ToHost = Boot | Start | Abort | Ping
ToReplica = Progress | Ready | Broken | Ended | Failed | Pong

_encoder = msgspec.msgpack.Encoder()
to_host = msgspec.msgpack.Decoder(ToHost)
to_replica = msgspec.msgpack.Decoder(ToReplica)


def send(writer: asyncio.StreamWriter, message: ToHost | ToReplica) -> None:
    """Queues one message; both ends read all the time, so the buffer stays small."""
    data = _encoder.encode(message)
    writer.write(_LENGTH.pack(len(data)) + data)


async def receive(reader: asyncio.StreamReader) -> bytes | None:
    """The next message's bytes, or None once the other side is gone."""
    try:
        size = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))[0]
        return await reader.readexactly(size) if size <= LARGEST else None
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
