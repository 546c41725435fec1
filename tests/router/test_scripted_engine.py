from __future__ import annotations

import math

import pytest

from router.engine import Delta, FinishReason, Job, Sampling
from router.scripted_engine import Places, Script, ScriptedEngine
from router.tokens import Vocabulary


async def deltas(engine: ScriptedEngine, seeds: tuple[int | None, ...] = (1,), **sampling: object) -> list[Delta]:
    job = Job("cmpl-1", (0, 5, 6), Sampling(**{"max_tokens": 6, **sampling}), seeds)  # type: ignore[arg-type]
    return [delta async for delta in engine.generate(job)]


async def test_the_same_job_gives_the_same_tokens(vocabulary: Vocabulary) -> None:
    first, second = ScriptedEngine(vocabulary), ScriptedEngine(vocabulary)
    assert await deltas(first, logprobs=3) == await deltas(second, logprobs=3)
    assert await deltas(first, (2,)) != await deltas(first, (1,))


async def test_logprobs_are_a_distribution_best_first(vocabulary: Vocabulary) -> None:
    position = (await deltas(ScriptedEngine(vocabulary), logprobs=40))[0].positions
    assert position is not None
    assert sum(math.exp(value) for value in position[0].top_logprobs) == pytest.approx(1)
    assert position[0].top_logprobs == sorted(position[0].top_logprobs, reverse=True)
    assert len(set(position[0].top_ids)) == 40


async def test_the_values_do_not_depend_on_how_many_are_asked(vocabulary: Vocabulary) -> None:
    few, many = [await deltas(ScriptedEngine(vocabulary), logprobs=k) for k in (0, 9)]
    assert [delta.token_ids for delta in few] == [delta.token_ids for delta in many]
    assert [[p.logprob for p in delta.positions or ()] for delta in few] == [[p.logprob for p in delta.positions or ()] for delta in many]


async def test_greedy_takes_the_likeliest(vocabulary: Vocabulary) -> None:
    for delta in await deltas(ScriptedEngine(vocabulary), temperature=0.0, logprobs=1):
        assert delta.positions is not None
        assert delta.positions[0].top_ids == delta.token_ids


async def test_every_choice_ends_once(vocabulary: Vocabulary) -> None:
    got = await deltas(ScriptedEngine(vocabulary, Script(tokens_per_delta=4)), (1, 2))
    assert [(delta.choice, delta.first, len(delta.token_ids)) for delta in got] == [(0, 0, 4), (0, 4, 2), (1, 0, 4), (1, 4, 2)]
    assert [delta.finish is not None for delta in got] == [False, True, False, True]


async def test_eos_is_the_least_likely(vocabulary: Vocabulary) -> None:
    places, ids = Places(vocabulary), range(vocabulary.size)
    for context in (0, 17, 1 << 63):
        assert sorted(places.rank(context, one) for one in ids) == [one + 1 for one in ids]
        assert all(places.ranked(context, places.rank(context, one)) == one for one in ids)
        assert places.ranked(context, vocabulary.size) == vocabulary.eos_id


async def test_it_stops_at_eos(vocabulary: Vocabulary) -> None:
    got = await deltas(ScriptedEngine(vocabulary, Script(tokens=(40, 1, 41))))
    assert [delta.token_ids for delta in got] == [[40], [1]]
    assert got[-1].finish is not None
    assert (got[-1].finish.reason, got[-1].finish.stop_reason) == (FinishReason.STOP, None)
