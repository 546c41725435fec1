"""What a caller of a host is told: in order, together where it comes together, and not without end where nobody reads."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import cast

import pytest

from deployments import caller as module
from deployments import messages
from deployments.caller import Caller
from deployments.messages import Deltas, Ended
from router.engine import Delta

LITTLE, LONG = Delta(0, 0, [7]), Delta(0, 0, list(range(5_000)))


class Line:
    """A caller, and what came at its other end."""

    def __init__(self, caller: Caller, reader: asyncio.StreamReader) -> None:
        self.caller, self.reader = caller, reader

    async def heard(self) -> messages.ToGateway:
        data = await asyncio.wait_for(messages.receive(self.reader), 5)
        assert data is not None
        return cast(messages.ToGateway, messages.to_gateway.decode(data))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    _, writer = await asyncio.open_connection(sock=ours)
    reader, other = await asyncio.open_connection(sock=theirs)
    yield Line(Caller(writer), reader)
    for one in (writer, other):
        one.transport.abort()
    await asyncio.sleep(0)


async def test_what_comes_in_one_turn_is_one_message(line: Line) -> None:
    for call in (1, 2, 1):
        line.caller.give(call, LITTLE)
    assert await line.heard() == Deltas([(1, LITTLE), (2, LITTLE), (1, LITTLE)])
    line.caller.give(2, LITTLE)
    assert await line.heard() == Deltas([(2, LITTLE)])


async def test_the_end_of_a_call_comes_after_its_tokens(line: Line) -> None:
    line.caller.give(1, LITTLE)
    line.caller.tell(Ended(1))
    assert [await line.heard(), await line.heard()] == [Deltas([(1, LITTLE)]), Ended(1)]
    line.caller.tell(Ended(2))
    assert await line.heard() == Ended(2)


async def test_who_reads_nothing_is_deaf_after_a_while_and_no_longer_when_it_reads_again(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    line.reader._transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(20):
        line.caller.give(1, LONG)
        await asyncio.sleep(0)
    assert not line.caller.deaf
    async with asyncio.timeout(5):
        while not line.caller.deaf:
            await asyncio.sleep(0.01)
    line.reader._transport.resume_reading()
    for _ in range(20):
        await line.heard()
    assert not line.caller.deaf


async def test_who_asks_for_nothing_for_long_is_not_deaf(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    await asyncio.sleep(0.1)
    line.caller.give(1, LITTLE)
    assert not line.caller.deaf


async def test_no_more_waits_for_a_caller_than_there_is_room_for(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 100_000)
    line.reader._transport.pause_reading()  # type: ignore[attr-defined]
    given = 0
    while not line.caller.deaf:
        line.caller.give(1, LONG)
        await asyncio.sleep(0)
        given += 1
    assert 5 < given < 200


async def test_to_a_caller_that_left_nothing_is_said(line: Line) -> None:
    line.caller._writer.close()
    line.caller.give(1, LITTLE)
    line.caller.tell(Ended(1))
    await asyncio.sleep(0)
    assert await line.reader.read() == b""
