"""A machine that stands still is a loop that is blocked."""

from __future__ import annotations

import asyncio
import time

import pytest

from budgets.awake_timeout import MOST_LATE, STEPS, AwakeTimeout


def stand_still(seconds: float) -> None:
    asyncio.get_running_loop().call_soon(time.sleep, seconds)


async def test_it_ends_what_takes_longer() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with AwakeTimeout(0.2):
            await asyncio.sleep(60)
    assert 0.2 <= time.monotonic() - began < 10


async def test_it_leaves_what_ends_in_time() -> None:
    async with AwakeTimeout(0.2):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)


async def test_time_in_which_the_process_stood_still_is_not_counted() -> None:
    async with AwakeTimeout(0.4):
        stand_still(1.0)
        await asyncio.sleep(0.2)


async def hang(seconds: float) -> None:
    async with AwakeTimeout(seconds):
        await asyncio.sleep(60)


async def test_what_hangs_is_ended_also_after_standing_still() -> None:
    stand_still(0.5)
    with pytest.raises(TimeoutError):
        await hang(0.2)


async def test_a_loop_that_is_always_late_does_not_make_it_endless() -> None:
    seconds, turns = 0.02, 0

    def be_late() -> None:
        nonlocal turns
        turns += 1
        time.sleep(seconds)
        asyncio.get_running_loop().call_soon(be_late)

    be_late()
    with pytest.raises(TimeoutError):
        await hang(seconds)
    assert turns <= 3 * (MOST_LATE + STEPS)


async def test_a_cancellation_is_no_time_out() -> None:
    async def work() -> None:
        async with AwakeTimeout(60):
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
