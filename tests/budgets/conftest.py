from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from budgets.store import connect
from tests.budgets.ledgers import Bench
from tests.budgets.mortal_redis import MortalRedis
from tests.budgets.nodes import Node


@pytest.fixture
async def bench(redis: Redis) -> Bench:
    """An account with a cap of 1,000 tokens and two unbounded keys."""
    return await Bench(redis).begin()


@pytest.fixture
async def node(redis: Redis, tmp_path: Path) -> Node:
    return await Node(redis, tmp_path / "accounting").begin()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MortalRedis]:
    """A Redis of the test's own, to be killed."""
    folder = tmp_path / "redis"
    folder.mkdir()
    one = MortalRedis(folder)
    one.start()
    yield one
    one.kill()


@pytest.fixture
async def mortal_node(mortal: MortalRedis, tmp_path: Path) -> AsyncIterator[Node]:
    client = connect(mortal.url)
    yield await Node(client, tmp_path / "accounting").begin()
    await client.aclose()
