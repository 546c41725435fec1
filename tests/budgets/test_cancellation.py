from __future__ import annotations

import asyncio

import pytest

from budgets.cancellation import cancelled, heeded


async def swallowing() -> None:
    """As redis-py where its own time-out comes at the same moment."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return


async def test_a_cancellation_that_was_swallowed_is_heeded() -> None:
    async def work() -> None:
        with heeded():
            await swallowing()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_time_out_of_ones_own_is_no_cancellation() -> None:
    with heeded(), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.sleep(60)


async def test_a_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    async def twice() -> None:
        await swallowing()
        await asyncio.sleep(60)

    task = asyncio.create_task(twice())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await cancelled([task])
    assert task.cancelled()
