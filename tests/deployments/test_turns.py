"""Turns for room that tenants share: who is next, who may pass, and that nothing is lost."""

import asyncio

import pytest

from deployments.turns import Turns
from tests.deployments.desk import Desk, settle

ALL = 10


@pytest.fixture
def desk() -> Desk:
    return Desk(Turns(ALL))


@pytest.fixture
def single() -> Desk:
    """One place and no reserve, so that turns come one after the other."""
    return Desk(Turns(1))


# Within one tenant


async def test_what_fits_goes_at_once_and_what_does_not_waits(desk: Desk) -> None:
    for name, room in (("a", 6), ("b", 4), ("c", 1)):
        await desk.come(name, room)
    assert (desk.having, desk.turns.waiting) == (["a", "b"], 1)
    await desk.leave("b")
    assert (desk.having, desk.turns.waiting) == (["a", "c"], 0)


async def test_a_large_one_that_waits_is_not_overtaken(desk: Desk) -> None:
    for name, room in (("a", 6), ("large", 8), ("small", 1)):
        await desk.come(name, room)
    assert desk.having == ["a"]
    await desk.leave("a")
    assert desk.having == ["large", "small"]


async def test_a_large_one_is_not_overtaken_by_other_tenants_either(desk: Desk) -> None:
    for name, room in (("a", 6), ("large", 8), ("small", 1)):
        await desk.come(name, room, tenant=name)
    assert desk.having == ["a"]


async def test_more_than_there_is_takes_all_there_is(desk: Desk) -> None:
    await desk.come("huge", 100)
    await desk.come("small", 1)
    assert desk.having == ["huge"]
    await desk.leave("huge")
    assert desk.having == ["small"]


async def test_nothing_needs_no_turn(desk: Desk) -> None:
    for name, room in (("all", ALL), ("waits", 1), ("nothing", 0)):
        await desk.come(name, room)
    assert desk.having == ["all", "nothing"]


async def test_who_may_go_ahead_passes_the_others_of_its_tenant_and_keeps_order_with_its_like(single: Desk) -> None:
    for name, ahead in (("a", False), ("b", False), ("first", True), ("second", True)):
        await single.come(name, ahead=ahead)
    await single.end()
    assert single.came == ["a", "first", "second", "b"]


# Leaving


async def test_who_is_cancelled_while_waiting_leaves_the_way_free(desk: Desk) -> None:
    for name, room in (("a", 6), ("large", 8), ("small", 1)):
        await desk.come(name, room)
    await desk.cancel("large")
    assert desk.having == ["a", "small"]


async def test_who_is_cancelled_just_as_its_turn_comes_gives_it_back(desk: Desk) -> None:
    await desk.come("a", ALL)
    await desk.come("b", ALL)
    desk.leaving["a"].set()
    await asyncio.sleep(0)
    await desk.cancel("b")
    await desk.come("c", ALL)
    assert desk.having == ["c"]


async def test_a_turn_does_not_come_to_one_who_was_cancelled_and_has_not_noticed(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        await desk.come(name, ALL)
    desk.tasks["b"].cancel()
    desk.held["a"].release()
    await settle()
    assert desk.having == ["a", "c"]


async def test_who_is_cancelled_while_holding_gives_back(desk: Desk) -> None:
    await desk.come("a", ALL)
    await desk.cancel("a")
    await desk.come("b", ALL)
    assert desk.having == ["b"]


async def test_a_turn_can_be_given_back_early_and_counts_once(desk: Desk) -> None:
    await desk.come("a", ALL)
    desk.held["a"].release()
    desk.held["a"].release()
    await desk.come("b", ALL)
    await desk.come("c", 1)
    await desk.leave("a")
    assert desk.having == ["b"]


# Between tenants


async def test_who_comes_new_is_before_another_tenants_backlog(single: Desk) -> None:
    for number in range(5):
        await single.come(f"a{number}", tenant="A", cost=100)
    await single.come("b", tenant="B", cost=100)
    await single.end()
    assert single.came == ["a0", "b", "a1", "a2", "a3", "a4"]


async def test_many_short_requests_weigh_as_much_as_one_long_one(single: Desk) -> None:
    await single.come("first", tenant="other", cost=0)
    for number in range(2):
        await single.come(f"long{number}", tenant="A", cost=30)
    for number in range(4):
        await single.come(f"short{number}", tenant="B", cost=10)
    await single.end()
    assert single.came[1:] == ["long0", "short0", "short1", "short2", "long1", "short3"]


async def test_who_comes_late_has_saved_nothing(single: Desk) -> None:
    for number in range(10):
        await single.come(f"a{number}", tenant="A", cost=100)
    await single.leave(*(f"a{number}" for number in range(5)))
    for number in range(3):
        await single.come(f"b{number}", tenant="B", cost=100)
    await single.end()
    assert single.came[5:] == ["a5", "b0", "a6", "b1", "a7", "b2", "a8", "a9"]


async def test_who_left_and_comes_again_still_owes_what_it_had_before_the_others(single: Desk) -> None:
    for number in range(6):
        await single.come(f"a{number}", tenant="A", cost=100)
    await single.come("b", tenant="B", cost=300)
    await single.leave("a0", "b")
    await single.come("b again", tenant="B", cost=300)
    await single.end()
    assert single.came == ["a0", "b", "a1", "a2", "a3", "b again", "a4", "a5"]


async def test_what_was_promised_and_not_used_counts_for_nothing(single: Desk) -> None:
    for number in range(3):
        await single.come(f"a{number}", tenant="A", cost=1000)
        await single.come(f"b{number}", tenant="B", cost=20)
    single.held["a0"].refund(980)
    await single.end()
    assert single.came == ["a0", "b0", "a1", "b1", "b2", "a2"]


async def test_a_refund_of_old_promises_gives_no_right_over_who_came_meanwhile() -> None:
    """A was promised much more than it had before B came: B starts at what A had."""
    desk = Desk(Turns(4))
    for number in range(8):
        await desk.come(f"a{number}", tenant="A", cost=1000)
    for number in range(6):
        await desk.come(f"b{number}", tenant="B", cost=10)
    for number in range(4):
        desk.held[f"a{number}"].refund(990)
        await desk.leave(f"a{number}")
    assert desk.came[4:8] == ["b0", "b1", "b2", "b3"]


async def test_the_reserve_is_for_who_has_little() -> None:
    desk = Desk(Turns(4, 4))
    for number in range(6):
        await desk.come(f"a{number}", tenant="A")
    for number in range(3):
        await desk.come(f"b{number}", tenant="B")
    await desk.come("c", tenant="C")
    await desk.come("d", tenant="D")
    assert desk.having == ["a0", "a1", "a2", "a3", "b0", "b1", "c", "d"]
    await desk.come("e", tenant="E")
    await desk.leave("a0")
    assert desk.having[-1] == "e"


async def test_small_scoring_passes_a_large_one_that_fills_everything_but_the_reserve() -> None:
    desk = Desk(Turns(80, 10))
    await desk.come("a", 80, "A", 80)
    await desk.come("another a", 80, "A", 80)
    await desk.come("large", 40, "B", 40)
    await desk.come("small", 10, "C", 10)
    assert desk.having == ["a", "small"]
    await desk.leave("a")
    assert desk.having == ["small", "large"]


async def test_who_passes_by_the_reserve_takes_no_time_from_others() -> None:
    desk = Desk(Turns(1, 1))
    await desk.come("a0", tenant="A", cost=10)
    await desk.come("a1", tenant="A", cost=10)
    for name in ("b0", "b1"):
        await desk.come(name, tenant="B", cost=1000)
        await desk.leave(name)
    desk.turns._reserve.free = 0
    await desk.come("c", tenant="C", cost=10)
    await desk.leave("a0")
    assert desk.having == ["c"]


async def test_tenants_that_want_nothing_are_forgotten() -> None:
    desk = Desk(Turns(4, 1))
    for number in range(100):
        await desk.come(f"{number}", tenant=f"key {number}", cost=100)
        await desk.leave(f"{number}")
    assert desk.turns._tenants == {}
