"""What is true of turns whatever happens, in whatever order."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as some

from deployments.turns import Turns
from tests.deployments.desk import Desk

Act = tuple[str, int, int]
WHAT = some.sampled_from(["A", "B", "C", "", "leave", "cancel", "abandon"])
ACTS = some.lists(some.tuples(WHAT, some.integers(0, 6), some.integers(1, 50)), max_size=40)


@given(ACTS, some.integers(1, 6), some.integers(0, 3))
async def test_nothing_is_lost_and_nobody_starves(acts: Sequence[Act], room: int, reserve: int) -> None:
    desk = Desk(Turns(room, reserve))
    for number, act in enumerate(acts):
        before = desk.turns._time
        await play(desk, number, act)
        check(desk, room, reserve)
        assert desk.turns._time >= before
    await desk.end()
    assert (desk.turns.waiting, desk.turns._tenants) == (0, {})
    assert (desk.turns._common.free, desk.turns._reserve.free) == (room, reserve)
    assert all(task.done() for task in desk.tasks.values())


async def play(desk: Desk, number: int, act: Act) -> None:
    what, size, cost = act
    open_ = [name for name, task in desk.tasks.items() if not task.done()]
    if what in ("A", "B", "C", ""):
        await desk.come(str(number), size, what, cost, ahead=cost % 5 == 0)
    elif what == "leave" and desk.having:
        name = desk.having[size % len(desk.having)]
        desk.held[name].refund(desk.held[name].cost // 2)
        await desk.leave(name)
    elif what == "cancel" and open_:
        await desk.cancel(open_[size % len(open_)])
    elif what == "abandon" and desk.having and open_:  # cancelled in the same turn of the loop in which room comes
        desk.leaving[desk.having[0]].set()
        await asyncio.sleep(0)
        await desk.cancel(open_[size % len(open_)])


def check(desk: Desk, room: int, reserve: int) -> None:
    """Room adds up, and is only free where the next one does not fit."""
    turns = desk.turns
    held = sum(one.room for name, one in desk.held.items() if name in desk.having)
    assert held == room + reserve - turns._common.free - turns._reserve.free == sum(one.room for one in turns._tenants.values())
    heads = sorted((one.head for one in turns._tenants.values() if one.waiting), key=lambda turn: (turn.tenant.tag, turn.arrival))
    assert not heads or heads[0].room > turns._common.free
    assert all(one.promised >= 0 for one in turns._tenants.values())


@given(some.lists(some.integers(1, 100), min_size=1), some.lists(some.integers(1, 100), min_size=1), some.integers(1, 4))
async def test_two_tenants_that_always_wait_get_the_same_within_one_request_of_each(a: list[int], b: list[int], room: int) -> None:
    desk, costs = Desk(Turns(room)), {"A": a, "B": b}
    await desk.come("first", room, "other", 0)
    for tenant, each in costs.items():
        for number, cost in enumerate(each):
            await desk.come(f"{tenant}{number}", tenant=tenant, cost=cost)
    had, left = {"A": 0, "B": 0}, {"A": len(a), "B": len(b)}
    await desk.end()
    for name in desk.came[1:]:
        had[name[0]] += costs[name[0]][int(name[1:])]
        left[name[0]] -= 1
        if not all(left.values()):
            break
        assert abs(had["A"] - had["B"]) <= max(*a, *b)
