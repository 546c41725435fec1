"""The scene whose readers take nothing."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing

from loadtest.bench.client import request
from loadtest.memory.scene import MIB, Found, Scene, body, scene

#: Bytes that the kernel keeps for a reader that takes nothing; and its stream: eight kilobytes for each token.
RECEIVED, READER_TOKENS, READER_LOGPROBS = 1 << 14, 2000, 100


async def readers(count: int, stall_seconds: float) -> Found:
    """`got_mib`: the most that one was sent. `stopped`: seconds until no engine worked for them; `whole`: streams that look complete."""
    async with scene(**{"stall-seconds": stall_seconds}) as one:
        asked = request("/v1/completions", body(READER_TOKENS, stream=True, logprobs=READER_LOGPROBS), one.keys[0])
        sockets = [_reader(one.gateway.port, asked) for _ in range(count)]
        await asyncio.sleep(min(2.0, stall_seconds / 2))
        running = await one.running()
        stopped = await one.until(lambda: _idle(one))
        ends = [await asyncio.to_thread(_rest, each) for each in sockets]
        most = round(max(map(len, ends)) / MIB, 2)
        return one.told(readers=count, running=running, stopped=stopped, got_mib=most, whole=sum(map(_whole, ends)))


async def _idle(one: Scene) -> bool:
    return await one.running() == 0


def _reader(port: int, asked: bytes) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED)
    one.connect(("127.0.0.1", port))
    one.sendall(asked)
    return one


def _rest(reader: socket.socket) -> bytes:
    """What still comes of a stream, to its end or to where it was cut."""
    received = bytearray()
    with closing(reader):
        reader.settimeout(10)
        try:
            while data := reader.recv(1 << 16):
                received += data
        except OSError:
            pass
    return bytes(received)


def _whole(received: bytes) -> bool:
    return b"data: [DONE]" in received and b'"error"' not in received
