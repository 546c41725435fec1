"""Many who ask for admission at once, of a gateway that has much else to do: all are heard in time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from budgets import accounting
from budgets.accounting import FIRST_AT_ONCE
from budgets.requests import Granted
from tests.budgets.nodes import Node, wish

#: Both three times what they are with 256 streams: a machine that runs tests may stand still for a second.
TURN_SECONDS, ADMIT_SECONDS = 0.036, 2.7


@asynccontextmanager
async def busy_loop() -> AsyncIterator[None]:
    """Each turn of the event loop takes what a turn with hundreds of streams takes."""

    async def streams() -> None:
        while True:
            time.sleep(TURN_SECONDS)  # noqa: ASYNC251  # that it blocks is the matter
            await asyncio.sleep(0)

    task = asyncio.create_task(streams())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_crowd_is_heard_in_time_though_the_loop_is_busy(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounting, "ADMIT_SECONDS", ADMIT_SECONDS)
    async with node.gateway() as gateway:
        await gateway.check(wish())
        async with busy_loop():
            answers = await asyncio.gather(*(gateway.check(wish()) for _ in range(FIRST_AT_ONCE)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Granted}
