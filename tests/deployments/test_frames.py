"""Token frames: whole, in order, to the right stream; a deaf gateway costs only its own streams."""

import asyncio
import dataclasses
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zmq

from deployments import frame_address, frames
from deployments.frame_address import FrameAddress
from deployments.frames import FrameReceiver, FrameSender, socket_folder
from deployments.inbox import Inbox
from router.engine import Delta, Finish, FinishReason, Position


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[FrameReceiver]:
    one = FrameReceiver(socket_folder(tmp_path))
    yield one
    one.close()
    await asyncio.sleep(0)


def delta(first: int) -> Delta:
    finish = Finish(FinishReason.LENGTH) if first in (9, 499) else None
    return Delta(0, first, [first + 5], [Position(-0.5, 1, [first + 5], [-0.5])], finish)


def tokens(count: int) -> list[tuple[int, Position]]:
    return [(first + 5, Position(-0.5, 1, [first + 5], [-0.5])) for first in range(count)]


async def taken(inbox: Inbox, count: int) -> list[tuple[int, Position]]:
    """So many tokens with their logprobs, however they were joined."""
    found: list[tuple[int, Position]] = []
    while len(found) < count:
        one = await asyncio.wait_for(inbox.get(), 5)
        assert one is not None
        assert one.first == len(found)
        found += zip(one.token_ids, one.positions or [], strict=True)
    return found


async def test_deltas_arrive_whole_and_in_order(receiver: FrameReceiver) -> None:
    sender, (stream, queue) = FrameSender(lost=pytest.fail), receiver.open()
    for first in range(10):
        sender.send(receiver.address, stream, delta(first))
        await asyncio.sleep(0)
    assert await taken(queue, 10) == tokens(10)
    sender.close()


async def test_each_stream_gets_its_own_deltas(receiver: FrameReceiver) -> None:
    sender = FrameSender(lost=pytest.fail)
    streams = [receiver.open() for _ in range(3)]
    for number, (stream, _) in enumerate(streams):
        sender.send(receiver.address, stream, delta(number))
    assert [(await asyncio.wait_for(queue.get(), 5)) for _, queue in streams] == [delta(0), delta(1), delta(2)]
    sender.close()


async def test_a_closed_streams_deltas_are_dropped(receiver: FrameReceiver) -> None:
    sender, (closed, queue), (open_, other) = FrameSender(lost=pytest.fail), receiver.open(), receiver.open()
    receiver.close_stream(closed)
    sender.send(receiver.address, closed, delta(0))
    sender.send(receiver.address, open_, delta(1))
    assert await asyncio.wait_for(other.get(), 5) == delta(1)
    assert queue.empty()
    sender.close()


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not check():
            await asyncio.sleep(0.01)


async def test_a_gateway_that_was_never_there_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "PATIENCE_SECONDS", 0.05)
    lost: list[str] = []
    sender, address = FrameSender(lost.append), f"here ipc://{tmp_path}/nobody"
    sender.send(address, 1, delta(0))
    await until(lambda: lost == [address])
    sender.close()


async def test_a_gateway_that_goes_away_is_given_up_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "PATIENCE_SECONDS", 0.05)
    lost: list[str] = []
    receiver, sender = FrameReceiver(socket_folder(tmp_path)), FrameSender(lost.append)
    stream, queue = receiver.open()
    sender.send(receiver.address, stream, delta(0))
    await asyncio.wait_for(queue.get(), 5)
    receiver.close()

    def send_on() -> bool:
        sender.send(receiver.address, stream, delta(1))
        return bool(lost)

    await until(send_on)
    sender.close()


async def test_a_gateway_that_stops_reading_is_given_up_without_blocking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(frames, "HIGH_WATER_MARK", 2)
    lost: list[str] = []
    receiver, sender = FrameReceiver(socket_folder(tmp_path)), FrameSender(lost.append)
    receiver._tasks[0].cancel()

    def send_on() -> bool:
        for first in range(2000):
            sender.send(receiver.address, 1, delta(first))
        return bool(lost)

    await until(send_on)
    sender.close()
    receiver.close()


async def test_items_that_had_to_wait_arrive_in_order(receiver: FrameReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "HIGH_WATER_MARK", 2)
    sender, (stream, queue) = FrameSender(lost=pytest.fail), receiver.open()
    for first in range(500):
        sender.send(receiver.address, stream, delta(first))
        if first % 50 == 0:
            await asyncio.sleep(0)
    assert await taken(queue, 500) == tokens(500)
    sender.close()


def test_sockets_of_processes_that_are_gone_are_removed(tmp_path: Path) -> None:
    folder = socket_folder(tmp_path)
    (folder / "f-4194304-abc").touch()
    (folder / "c-4194304-abc").touch()
    (folder / f"f-{os.getpid()}-abc").touch()
    assert [path.name for path in socket_folder(tmp_path).iterdir()] == [f"f-{os.getpid()}-abc"]


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o755)
    (tmp_path / "run").chmod(0o755)
    with pytest.raises(PermissionError, match="must belong to you alone"):
        socket_folder(tmp_path)


@pytest.mark.parametrize("length", [60, 66, 67, 75, 120])
def test_a_path_too_long_for_a_socket_is_replaced_by_a_private_temporary_folder(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    short = tmp_path_factory.getbasetemp()
    folder = socket_folder(short / ("l" * (length - len(str(short)) - 1)))
    with socket.socket(socket.AF_UNIX) as bound:
        # What vLLM calls its own sockets there.
        path = folder / str(uuid.uuid4())
        bound.bind(str(path))
        path.unlink()
    assert (folder.name == "run") == (length <= 66)


@pytest.fixture
async def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FrameReceiver]:
    """A gateway as hosts on other machines see it."""
    one = FrameReceiver(socket_folder(tmp_path), "127.0.0.1")
    monkeypatch.setattr(frame_address, "this_machine", lambda: "another")
    yield one
    one.close()
    await asyncio.sleep(0)


async def test_a_host_on_another_machine_sends_over_an_encrypted_port(far: FrameReceiver) -> None:
    sender, (stream, queue) = FrameSender(lost=pytest.fail), far.open()
    assert FrameAddress.read(far.address).port.startswith("tcp://127.0.0.1:")
    for first in range(10):
        sender.send(far.address, stream, delta(first))
    assert await taken(queue, 10) == tokens(10)
    sender.close()


async def test_who_has_another_key_gets_nothing_through(far: FrameReceiver) -> None:
    lost: list[str] = []
    sender, (stream, queue) = FrameSender(lost.append), far.open()
    known = FrameAddress.read(far.address)
    wrong = str(dataclasses.replace(known, key=zmq.curve_keypair()[0].decode()))
    sender.send(wrong, stream, delta(0))
    await until(lambda: lost == [wrong])
    assert queue.empty()
    sender.close()


async def test_what_is_no_frame_harms_nobody(receiver: FrameReceiver) -> None:
    sender, (stream, queue) = FrameSender(lost=pytest.fail), receiver.open()
    stranger: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
    with stranger:
        FrameAddress.read(receiver.address).connect(stranger)
        for rubbish in (b"", b"\xc1", b"\x91\x92\x01\x02"):
            stranger.send(rubbish)
        sender.send(receiver.address, stream, delta(0))
        assert await asyncio.wait_for(queue.get(), 5) == delta(0)
    sender.close()


def test_an_address_is_read_as_it_was_written() -> None:
    for address in (FrameAddress("m", "ipc:///x"), FrameAddress("m", "ipc:///x", "tcp://10.0.0.1:9", "k")):
        assert FrameAddress.read(str(address)) == address
    with pytest.raises(ValueError, match="no address"):
        FrameAddress.read("ipc:///x")
