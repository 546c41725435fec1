"""The allowance that prompt scoring shares."""

import asyncio

import pytest

from deployments.scoring import Allowance

ALL = 10


class Desk:
    """Lets tasks take a share, notes who has one, and lets go of it when told."""

    def __init__(self) -> None:
        self.allowance, self.having = Allowance(ALL), list[str]()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leave: dict[str, asyncio.Event] = {}

    async def come(self, name: str, amount: int) -> None:
        self._leave[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._hold(name, amount))
        await settle()

    async def _hold(self, name: str, amount: int) -> None:
        async with self.allowance.hold(amount):
            self.having.append(name)
            await self._leave[name].wait()
        self.having.remove(name)

    async def leave(self, name: str) -> None:
        self._leave[name].set()
        await settle()

    async def cancel(self, *names: str) -> None:
        for name in names:
            self._tasks[name].cancel()
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_fits_goes_at_once_and_what_does_not_waits(desk: Desk) -> None:
    for name, amount in (("a", 6), ("b", 4), ("c", 1)):
        await desk.come(name, amount)
    assert desk.having == ["a", "b"]
    await desk.leave("b")
    assert desk.having == ["a", "c"]


async def test_a_large_one_that_waits_is_not_overtaken(desk: Desk) -> None:
    for name, amount in (("a", 6), ("large", 8), ("small", 1)):
        await desk.come(name, amount)
    assert desk.having == ["a"]
    await desk.leave("a")
    assert desk.having == ["large", "small"]


async def test_more_than_there_is_takes_all_there_is(desk: Desk) -> None:
    await desk.come("huge", 100)
    await desk.come("small", 1)
    assert desk.having == ["huge"]
    await desk.leave("huge")
    assert desk.having == ["small"]


async def test_nothing_needs_no_turn(desk: Desk) -> None:
    await desk.come("all", ALL)
    await desk.come("waits", 1)
    await desk.come("nothing", 0)
    assert desk.having == ["all", "nothing"]


async def test_who_is_cancelled_while_waiting_leaves_the_way_free(desk: Desk) -> None:
    for name, amount in (("a", 6), ("large", 8), ("small", 1)):
        await desk.come(name, amount)
    await desk.cancel("large")
    assert desk.having == ["a", "small"]


async def test_who_is_cancelled_just_as_its_turn_comes_gives_it_back(desk: Desk) -> None:
    await desk.come("a", ALL)
    await desk.come("b", ALL)
    desk._leave["a"].set()
    await asyncio.sleep(0)
    await desk.cancel("b")
    await desk.come("c", ALL)
    assert desk.having == ["c"]


async def test_who_is_cancelled_while_holding_gives_back(desk: Desk) -> None:
    await desk.come("a", ALL)
    await desk.cancel("a")
    await desk.come("b", ALL)
    assert "b" in desk.having


async def test_a_share_can_be_given_back_early_and_counts_once() -> None:
    allowance = Allowance(ALL)
    async with allowance.hold(ALL) as first:
        first.release()
        first.release()
        async with allowance.hold(ALL):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(allowance.hold(1).__aenter__(), 0.05)
