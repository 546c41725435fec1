"""The real engine behind a real host: what it is asked for is what comes, and to the bit the same in every batch."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from deployments.messages import Failed, FailureKind
from router.engine import MOST_ROWS, Finish, FinishReason, Job, Sampling
from tests.cluster import eventually
from tests.stack.engine import CACHE_TOKENS, SPEC, Choice, RealEngine

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

EOS, BIASED = 1, 77
SECONDS = 60


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    home: Path = tmp_path_factory.mktemp("engine")
    one = RealEngine(home)
    yield one
    one.close()


def prompt(length: int, seed: int = 0) -> tuple[int, ...]:
    return (0, *Random(f"{seed} {length}").choices(range(5, SPEC.max_model_len), k=length - 1))


def job(ids: tuple[int, ...], seed: int | None = 1, salt: str | None = None, **sampling: Any) -> Job:
    return Job(f"job-{len(ids)}-{seed}", ids, Sampling(**{"max_tokens": 8, **sampling}), (seed,), salt)


def scored(engine: RealEngine, ids: tuple[int, ...], k: int, start: int = 0, salt: str | None = None) -> Choice:
    return engine.one(job(ids, max_tokens=0, prompt_logprobs=k, prompt_logprobs_start=start, salt=salt))


# What is asked for


def test_a_prompt_is_scored_in_pieces_before_its_first_token(engine: RealEngine) -> None:
    (deltas,) = engine.deltas(replaced(job(prompt(600), max_tokens=2, prompt_logprobs=2), seeds=(1, 2, 3)))
    assert not isinstance(deltas, Failed)
    pieces = [delta for delta in deltas if delta.prompt]
    shapes = [(delta.choice, delta.prompt_first, len(delta.prompt)) for delta in pieces]
    assert shapes == [(0, 1, MOST_ROWS), (0, 257, MOST_ROWS), (0, 513, 87)]
    assert deltas[: len(pieces)] == pieces


def replaced(one: Job, **fields: Any) -> Job:
    return msgspec.structs.replace(one, **fields)


@pytest.mark.parametrize("k", [0, 1, 100])
def test_each_row_has_k_likeliest_best_first_and_agrees_with_the_others(engine: RealEngine, k: int) -> None:
    ids = prompt(70)
    for token, row, best in zip(ids[1:], scored(engine, ids, k).rows, scored(engine, ids, 100).rows, strict=True):
        assert (row.logprob, row.rank) == (best.logprob, best.rank)
        assert (row.top_ids, row.top_logprobs) == (best.top_ids[:k], best.top_logprobs[:k])
        assert dict(zip(row.top_ids, row.top_logprobs, strict=True)).get(token, row.logprob) == row.logprob


def test_a_prompt_of_one_token_has_no_rows(engine: RealEngine) -> None:
    assert scored(engine, (0,), 3).rows == []


def test_a_prompt_that_fills_the_context_is_scored_without_a_token(engine: RealEngine) -> None:
    whole = scored(engine, prompt(SPEC.max_model_len), 0)
    assert (len(whole.rows), whole.tokens, whole.finish) == (SPEC.max_model_len - 1, [], Finish(FinishReason.LENGTH))


def test_requested_tokens_come_in_their_order_with_the_values_that_the_likeliest_have(engine: RealEngine) -> None:
    likeliest = engine.one(job(prompt(40), logprobs=100)).positions
    asked = (*likeliest[0].top_ids[2::-1], likeliest[0].top_ids[1])
    requested = engine.one(job(prompt(40), logprobs=0, logprob_token_ids=asked)).positions
    assert requested[0].requested == [likeliest[0].top_logprobs[at] for at in (2, 1, 0, 1)]
    assert [(one.logprob, one.rank, one.top_ids) for one in requested] == [(one.logprob, one.rank, []) for one in likeliest]


def test_a_stop_token_ends_a_choice_but_not_before_min_tokens(engine: RealEngine) -> None:
    forced: dict[str, Any] = {"temperature": 0.0, "logit_bias": {BIASED: 100.0}, "stop_token_ids": (BIASED,)}
    at_once, later = engine.one(job(prompt(9), **forced)), engine.one(job(prompt(9), min_tokens=3, **forced))
    assert (at_once.tokens, at_once.finish) == ([BIASED], Finish(FinishReason.STOP, BIASED))
    assert (len(later.tokens), later.tokens[-1], BIASED in later.tokens[:3]) == (4, BIASED, False)


def test_eos_ends_a_choice_unless_it_is_ignored(engine: RealEngine) -> None:
    forced: dict[str, Any] = {"temperature": 0.0, "logit_bias": {EOS: 100.0}}
    ended, ignored = engine.one(job(prompt(9), **forced)), engine.one(job(prompt(9), ignore_eos=True, **forced))
    assert (ended.tokens, ended.finish) == ([EOS], Finish(FinishReason.STOP))
    assert (ignored.tokens, ignored.finish) == ([EOS] * 8, Finish(FinishReason.LENGTH))


def test_a_job_that_vllm_refuses_fails_alone(engine: RealEngine) -> None:
    refused, answered = engine.deltas(job((0, 10**6)), job(prompt(9)))
    assert isinstance(refused, Failed)
    assert refused.kind == FailureKind.REFUSED
    assert not isinstance(answered, Failed)


# Tails


@pytest.mark.parametrize("length", [1, 31, 32, 33, 64, 700])
def test_tails_of_a_shared_prefix_are_scored_as_their_whole_texts(engine: RealEngine, length: int) -> None:
    shared, tails = prompt(length), tuple(prompt(size, seed=size)[1:] for size in (2, 3, 33, 70))
    sampling = Sampling(max_tokens=0, prompt_logprobs=3, prompt_logprobs_start=length)
    for _ in ("cold", "hot"):
        (choices,) = engine.run(Job("tails", shared, sampling, (None,) * len(tails), f"tails-{length}", tails))
        for tail, choice in zip(tails, choices, strict=True):
            assert choice.rows == scored(engine, shared + tail, 3, salt="whole").rows[length - 1 :]
    assert all(choice.cached >= (length - 1) // 32 * 32 for choice in choices)


# To the bit


SAMPLERS: list[dict[str, Any]] = [
    {},
    {"temperature": 0.0},
    {"top_p": 0.9, "top_k": 40},
    {"min_p": 0.05, "temperature": 0.7, "logit_bias": {5: 3.0}},
    {"presence_penalty": 0.5, "frequency_penalty": -0.5, "repetition_penalty": 1.2},
]
LENGTHS = (1, 2, 33, 300, 700, 1100, 1500)


@pytest.fixture(scope="module")
def jobs() -> list[Job]:
    asked = {"max_tokens": 30, "logprobs": 5, "ignore_eos": True}
    samplers = [asked | SAMPLERS[number % len(SAMPLERS)] for number in range(len(LENGTHS))]
    return [job(prompt(n), n, "alone", **sampler) for n, sampler in zip(LENGTHS, samplers, strict=True)]


@pytest.fixture(scope="module")
def alone(engine: RealEngine, jobs: list[Job]) -> list[Choice]:
    return [engine.one(one) for one in jobs]


def told(choice: Choice) -> Choice:
    """Without what a cache may change."""
    return replace(choice, cached=0)


def test_a_request_is_the_same_in_a_full_batch_with_unseeded_mates_that_push_it_out(
    engine: RealEngine, jobs: list[Job], alone: list[Choice]
) -> None:
    mates = [job(prompt(150, seed), None, max_tokens=60, logprobs=seed % 9) for seed in range(30)]
    mates += [job(prompt(50, 99), None, logprobs=0, logprob_token_ids=tuple(range(5, 5 + n))) for n in (1, 128)]
    mates += [job(prompt(800, seed), None, max_tokens=1, prompt_logprobs=5) for seed in range(2)]
    assert sum(len(one.prompt_ids) + one.sampling.max_tokens for one in jobs + mates) > 2 * CACHE_TOKENS
    together = engine.run(*(replaced(one, cache_salt="together") for one in jobs), *mates)
    assert [told(choices[0]) for choices in together[: len(jobs)]] == [told(one) for one in alone]


@pytest.mark.parametrize("cached", [40, 333, 690])
def test_a_request_is_the_same_with_any_part_of_its_prompt_in_the_cache(
    engine: RealEngine, jobs: list[Job], alone: list[Choice], cached: int
) -> None:
    for one, expected in list(zip(jobs, alone, strict=True))[4:]:
        salted = replaced(one, cache_salt=f"part-{cached}")
        engine.one(replaced(salted, prompt_ids=one.prompt_ids[:cached], sampling=Sampling(max_tokens=1)))
        again = engine.one(salted)
        assert again.cached >= cached // 32 * 32
        assert told(again) == told(expected)


def test_what_was_generated_has_the_same_logprobs_as_a_prompt(engine: RealEngine, jobs: list[Job], alone: list[Choice]) -> None:
    for one, made in zip(jobs, alone, strict=True):
        whole = one.prompt_ids + tuple(made.tokens)
        assert scored(engine, whole, 5).rows[-len(made.tokens) :] == made.positions


def test_requested_tokens_leave_the_logprobs_of_batch_mates_alone(engine: RealEngine, jobs: list[Job], alone: list[Choice]) -> None:
    neighbour = job(prompt(20), None, max_tokens=60, ignore_eos=True, logprobs=0, logprob_token_ids=(5, 6, 7))
    beside, _ = engine.run(jobs[2], neighbour)
    assert told(beside[0]) == told(alone[2])


def test_a_request_is_the_same_after_a_restart(engine: RealEngine, jobs: list[Job], alone: list[Choice]) -> None:
    killed = engine.host._process
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    eventually(lambda: engine.host._process is not killed, SECONDS)
    assert engine.ready()
    assert [told(engine.one(one)) for one in jobs] == [told(one) for one in alone]
