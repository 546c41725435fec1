"""What a job's choices send, when they end, and whose turn it is, by a host with an engine of three lines."""

import asyncio
import time

from deployments import messages
from deployments.messages import Abort, Ended, Failed, FailureKind, Ping, Pong
from router.engine import Finish, FinishReason, Sampling
from tests.deployments.conversation import Conversation


async def test_a_stop_string_ends_the_job_at_the_token_that_completes_it(conversation: Conversation) -> None:
    queue = conversation.start(1, Sampling(max_tokens=7, stop=("of the",)))
    assert await conversation.answer() == Ended(1)
    last, deltas = None, 0
    while last is None or last.finish is None:
        last, deltas = await asyncio.wait_for(queue.get(), 5), deltas + 1
    assert last.finish == Finish(FinishReason.STOP, "of the")
    assert deltas < 7
    assert conversation.script.running == 0


async def test_a_prompts_rows_come_before_the_tokens_of_every_choice(conversation: Conversation) -> None:
    got = await conversation.deltas(conversation.start(1, Sampling(max_tokens=2, prompt_logprobs=0), seeds=(1, 2, 3)), choices=3)
    assert [bool(delta.prompt) for delta in got] == [True] + [False] * (len(got) - 1)
    assert sum(len(delta.token_ids) for delta in got) == 6
    assert conversation.script.begun == ["job-1-0", "job-1-1", "job-1-2"]


async def test_every_tail_is_scored_and_the_first_goes_ahead(conversation: Conversation) -> None:
    sampling = Sampling(max_tokens=1, prompt_logprobs=0, prompt_logprobs_start=2)
    got = await conversation.deltas(conversation.start(1, sampling, seeds=(None,) * 3, tails=((6,), (7, 8), (9,))), choices=3)
    assert [(delta.choice, len(delta.prompt), delta.prompt_first) for delta in got if delta.prompt] == [(0, 1, 2), (1, 2, 2), (2, 1, 2)]
    assert [delta.choice for delta in got[:2]] == [0, 0]


async def test_a_choice_that_fails_ends_the_others(conversation: Conversation) -> None:
    conversation.script.refuses = 1
    conversation.script.hangs = True
    conversation.start(1, Sampling(max_tokens=1000), seeds=(1, 2))
    answer = await conversation.answer()
    assert isinstance(answer, Failed)
    assert answer.kind == FailureKind.REFUSED
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 0)


async def test_scoring_beyond_the_allowance_waits_its_turn_and_other_jobs_do_not(conversation: Conversation) -> None:
    conversation.script.hangs = True
    scoring = Sampling(max_tokens=0, prompt_logprobs=15)
    queues = [conversation.start(call, scoring) for call in (1, 2)]
    await conversation.deltas(conversation.start(3, Sampling(max_tokens=1)))
    await asyncio.wait_for(queues[0].get(), 5)
    assert conversation.script.begun == ["job-1-0", "job-3-0"]
    messages.send(conversation.writer, Abort(1))
    await asyncio.wait_for(queues[1].get(), 5)
    assert conversation.script.begun == ["job-1-0", "job-3-0", "job-2-0"]


async def test_the_allowance_is_given_back_with_the_first_token(conversation: Conversation) -> None:
    conversation.script.hangs = True
    conversation.start(1, Sampling(max_tokens=1000, prompt_logprobs=15))
    await conversation.deltas(conversation.start(2, Sampling(max_tokens=1, prompt_logprobs=15)))


async def test_small_scoring_does_not_wait_for_another_keys_large_one(conversation: Conversation) -> None:
    conversation.script.hangs = True
    for call in (1, 2):
        conversation.start(call, Sampling(max_tokens=0, prompt_logprobs=15), tenant="A")
    queue = conversation.start(3, Sampling(max_tokens=1, prompt_logprobs=1), tenant="B")
    await conversation.deltas(queue)
    assert conversation.script.begun == ["job-1-0", "job-3-0"]


# Whose turn it is


async def flood(conversation: Conversation, choices: int = 20) -> None:
    """Key A has more choices under way than there are places for one key, and none of them ends."""
    conversation.script.hangs = True
    queue = conversation.start(1, Sampling(max_tokens=1000), seeds=(1,) * choices, tenant="A")
    await asyncio.wait_for(queue.get(), 5)
    assert conversation.script.running == 7


async def test_a_key_finds_a_place_though_another_has_more_choices_than_there_are(conversation: Conversation) -> None:
    await flood(conversation)
    await conversation.deltas(conversation.start(2, Sampling(max_tokens=1), tenant="B"))
    assert conversation.script.begun[7:] == ["job-2-0"]


async def test_what_waits_its_turn_is_under_way_and_so_are_its_prompts_tokens(conversation: Conversation) -> None:
    await flood(conversation)
    conversation.script.last_output = time.monotonic()
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 20, 13 * 2)


async def test_a_full_engine_still_gets_the_canary(conversation: Conversation) -> None:
    await flood(conversation)
    conversation.script.last_output = time.monotonic() - 60
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 20, 13 * 2)
    assert conversation.script.canaries == 1


async def test_an_abort_takes_choices_that_wait_their_turn_too(conversation: Conversation) -> None:
    await flood(conversation)
    messages.send(conversation.writer, Abort(1))
    messages.send(conversation.writer, Ping(2))
    assert await conversation.answer() == Pong(2, 0)
    assert len(conversation.script.begun) == 7
    assert conversation.host._choices._places._tenants == {}


async def test_the_engine_is_told_whose_turn_is_next_and_what_ended_early_counts_little(conversation: Conversation) -> None:
    """B is at the place of what A had, not of what A was promised."""
    for call in (1, 2):
        await conversation.deltas(conversation.start(call, Sampling(max_tokens=1000, stop=("end",)), tenant="A"))
        assert await conversation.answer() == Ended(call)
    await flood(conversation)
    await conversation.deltas(conversation.start(4, Sampling(max_tokens=1), tenant="B"))
    priorities = conversation.script.priorities
    assert priorities[2:9] == sorted(priorities[2:9])
    assert priorities[9] < priorities[3]
