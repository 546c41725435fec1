"""A stream's inbox: nothing is lost or reordered, what follows on is joined, and what waits is bounded."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.inbox import Inbox, Together
from router.engine import Delta, EngineReaderSlow, Finish, FinishReason, Job, Position, Sampling
from router.generation import Checks

END = Finish(FinishReason.LENGTH)


def delta(choice: int, first: int, *ids: int, finish: Finish | None = None, k: int | None = None) -> Delta:
    positions = None if k is None else [Position(-1.0, 1, list(range(k)), [-1.0] * k) for _ in ids]
    return Delta(choice, first, list(ids), positions, finish)


async def drained(inbox: Inbox) -> list[Delta]:
    found = []
    while not inbox.empty():
        one = await inbox.get()
        assert one is not None
        found.append(one)
    return found


async def test_a_reader_who_keeps_up_gets_each_delta() -> None:
    inbox = Inbox()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(delta(0, 0, 5))
    assert await asyncio.wait_for(reading, 5) == delta(0, 0, 5)


async def test_what_follows_on_comes_as_one() -> None:
    inbox = Inbox()
    for first in range(3):
        inbox.put(delta(0, first, first, k=2))
    inbox.put(delta(0, 3, 3, finish=END, k=2))
    assert await drained(inbox) == [delta(0, 0, 0, 1, 2, 3, finish=END, k=2)]


async def test_a_gap_and_another_choice_stay_to_be_seen() -> None:
    inbox, sent = Inbox(), [delta(0, 0, 5), delta(0, 2, 7), delta(1, 0, 5), delta(0, 3, 8)]
    for one in sent:
        inbox.put(one)
    assert await drained(inbox) == sent


async def test_rows_of_the_prompt_are_never_joined() -> None:
    row = Position(-1.0, 1, [], [])
    inbox, sent = Inbox(), [Delta(0, 0, [], prompt=[row], prompt_first=1), Delta(0, 0, [], prompt=[row], prompt_first=2), delta(0, 0, 5)]
    for one in sent:
        inbox.put(one)
    assert await drained(inbox) == sent


@given(st.lists(st.sampled_from([0, 1, 2]), max_size=60))
async def test_joined_or_not_every_token_comes_once_and_in_order(choices: list[int]) -> None:
    inbox, made = Inbox(), {0: 0, 1: 0, 2: 0}
    for choice in choices:
        inbox.put(delta(choice, made[choice], made[choice]))
        made[choice] += 1
    checks = Checks(Job("job", (1,), Sampling(max_tokens=100), seeds=(None, None, None)))
    for one in await drained(inbox):
        assert one.token_ids == list(range(one.first, one.first + len(one.token_ids)))
        checks.take(one)
    assert checks.tokens == list(made.values())


async def test_a_reader_who_takes_nothing_is_told_and_the_rest_is_let_go() -> None:
    inbox = Inbox(most=10)
    for first in range(1000):
        inbox.put(delta(0, first, first, k=4))
    assert len(inbox._waiting) == 0
    with pytest.raises(EngineReaderSlow):
        await inbox.get()


async def test_where_all_together_is_too_much_the_one_with_most_waiting_is_given_up() -> None:
    together = Together(most=20)
    small, large = Inbox(together=together), Inbox(together=together)
    small.put(delta(0, 0, 5, k=4))
    for first in range(4):
        large.put(delta(0, first, first, k=4))
    with pytest.raises(EngineReaderSlow):
        await asyncio.wait_for(large.get(), 5)
    assert (await small.get(), together.weight) == (delta(0, 0, 5, k=4), 0)


async def test_a_reader_that_waits_is_told_too() -> None:
    inbox = Inbox(most=10)
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put(delta(0, 0, *range(20)))
    with pytest.raises(EngineReaderSlow):
        await asyncio.wait_for(reading, 5)


async def test_what_nobody_reads_any_more_does_not_count() -> None:
    together = Together(most=20)
    for number in range(10):
        inbox = Inbox(together=together)
        inbox.put(delta(0, 0, number, k=4))
        inbox.close()
        inbox.put(delta(0, 1, number, k=4))
    assert (together.weight, inbox.empty()) == (0, True)


async def test_what_was_read_no_longer_counts() -> None:
    inbox = Inbox(most=10)
    for first in range(100):
        inbox.put(delta(0, first, first, k=4))
        assert await inbox.get() == delta(0, first, first, k=4)


async def test_the_wake_up_call_is_none() -> None:
    inbox = Inbox()
    inbox.put(delta(0, 0, 5))
    inbox.put(None)
    assert [await inbox.get(), await inbox.get()] == [delta(0, 0, 5), None]
