from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.budgets.ledgers import Bench


@pytest.fixture
async def bench(redis: Redis) -> Bench:
    """An account with a cap of 1,000 tokens and two unbounded keys."""
    return await Bench(redis).begin()
