"""What the autoscaling policies see of the wishes while Redis comes and goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from budgets.store import connect
from deployments import wish_reader
from deployments.wish_reader import WishReader
from loadtest.redis_server import RedisServer
from router.wishes import KEY, Wishes

#: Of the promise that a cold model's boot begins within half a second of its wish.
PROMPT_SECONDS = 0.5


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """Not started yet, and where the readers of this process look."""
    (tmp_path / "redis").mkdir()
    one = RedisServer(tmp_path / "redis")
    monkeypatch.setenv("BASEMODEL_REDIS_URL", one.url)
    yield one
    one.kill()


@pytest.fixture
async def wishes(server: RedisServer) -> AsyncIterator[Wishes]:
    client = connect(server.url)
    yield Wishes(client)
    await client.aclose()


@pytest.fixture
def reader(server: RedisServer) -> Iterator[WishReader]:
    one = WishReader()
    yield one
    one.close()


async def comes_true(check: Callable[[], object], seconds: float = 5.0) -> float:
    """After how many seconds."""
    began = time.monotonic()
    while not check():
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def test_a_wish_is_seen_at_once_and_so_is_its_end(server: RedisServer, wishes: Wishes, reader: WishReader) -> None:
    server.start()
    assert reader.of("nano") is None
    await comes_true(lambda: reader.sure)
    wish = await wishes.add("nano", "k1", 60)
    assert await comes_true(lambda: reader.of("nano") == wish) < PROMPT_SECONDS
    assert reader.of("micro") is None
    await wishes.end("nano")
    assert await comes_true(lambda: reader.of("nano") is None) < PROMPT_SECONDS


async def test_nobody_waits_for_a_redis_that_is_away_or_frozen(server: RedisServer, reader: WishReader) -> None:
    began = time.monotonic()
    assert reader.of("nano") is None
    assert not reader.sure
    server_is_away = time.monotonic() - began
    server.start()
    await comes_true(lambda: reader.sure)
    server.freeze()
    began = time.monotonic()
    for _ in range(100):
        reader.of("nano")
    server_is_frozen = time.monotonic() - began
    server.thaw()
    assert max(server_is_away, server_is_frozen) < 0.1


async def test_a_redis_that_comes_later_is_found(server: RedisServer, wishes: Wishes, reader: WishReader) -> None:
    reader.of("nano")
    await asyncio.sleep(0.5)
    server.start()
    await wishes.add("nano", "k1", 60)
    await comes_true(lambda: reader.of("nano") is not None)


async def test_while_redis_is_away_the_last_wishes_hold_until_their_time_and_nothing_is_sure(
    server: RedisServer, wishes: Wishes, reader: WishReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wish_reader, "BELIEVED_SECONDS", 0.5)
    server.start()
    await wishes.add("nano", "k1", 1.5)
    await wishes.add("micro", "k1", 60)
    await comes_true(lambda: reader.of("nano") is not None)
    server.kill()
    await comes_true(lambda: not reader.sure)
    await comes_true(lambda: reader.of("nano") is None)
    assert reader.of("micro") is not None
    server.start()
    await comes_true(lambda: reader.sure)
    assert reader.of("micro") is not None


async def test_what_is_no_wish_ends_no_reader(server: RedisServer, reader: WishReader) -> None:
    server.start()
    client = connect(server.url)
    await client.hset(KEY, "nano", "no JSON")
    reader.of("nano")
    await asyncio.sleep(0.3)
    assert not reader.sure
    await client.hdel(KEY, "nano")
    await comes_true(lambda: (reader.of("nano"), reader.sure)[1])
    await client.aclose()
