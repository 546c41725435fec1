"""One timer for many waits: none of them goes on for too long, and none is ended for another's sake."""

import asyncio
from collections.abc import AsyncIterator

import anyio
import pytest

from router.time_limit import TimeLimit

SOON = 0.05


@pytest.fixture(params=[False, True], ids=["together", "each"])
async def limit(request: pytest.FixtureRequest) -> AsyncIterator[TimeLimit]:
    one = TimeLimit(SOON, each=request.param)
    yield one
    one.close()


async def answer() -> int:
    return 42


async def test_what_is_there_at_once_comes_back(limit: TimeLimit) -> None:
    assert await limit.wait(answer()) == 42


async def test_a_wait_that_is_too_long_ends(limit: TimeLimit) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(TimeoutError):
            await limit.wait(asyncio.Event().wait())
    current = asyncio.current_task()
    assert current is not None
    assert not current.cancelling()


async def test_what_is_raised_inside_comes_out(limit: TimeLimit) -> None:
    async def fail() -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        await limit.wait(fail())


async def test_a_cancellation_from_outside_stays_one(limit: TimeLimit) -> None:
    waiting = asyncio.create_task(limit.wait(asyncio.Event().wait()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_scope_around_it_ends_it_first() -> None:
    limit = TimeLimit(30.0)
    with anyio.move_on_after(SOON) as scope:
        await limit.wait(asyncio.Event().wait())
    assert scope.cancelled_caught
    limit.close()


async def test_all_waits_together_have_one_end() -> None:
    limit = TimeLimit(SOON)

    async def wait_often() -> None:
        for _ in range(100):
            await limit.wait(asyncio.sleep(SOON / 10))

    with pytest.raises(TimeoutError):
        await wait_often()
    limit.close()


async def test_nothing_is_begun_after_the_end() -> None:
    limit, begun = TimeLimit(SOON), asyncio.Event()
    await asyncio.sleep(2 * SOON)
    with pytest.raises(TimeoutError):
        await limit.wait(begun.wait())
    await asyncio.sleep(0)  # no cancellation is left over
    limit.close()


async def test_each_of_many_short_waits_has_its_own_time() -> None:
    limit = TimeLimit(4 * SOON, each=True)
    for _ in range(10):
        await limit.wait(asyncio.sleep(SOON))
    await asyncio.sleep(5 * SOON)  # nothing is waited for: no time runs
    with pytest.raises(TimeoutError):
        await limit.wait(asyncio.Event().wait())
    limit.close()
