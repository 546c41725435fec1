"""vLLM's outputs as deltas; the outputs are stand-ins with the attributes that are read."""

from types import SimpleNamespace
from typing import Any

import numpy
import pytest

from deployments.outputs import Outputs
from router.engine import MOST_ROWS, Delta, EngineDied, Finish, FinishReason, Job, Position, Sampling
from tests.deployments.test_positions import Flat, Tensors


def output(ids: list[int], finish: str | None = None, stop: int | None = None, logprobs: Flat | None = None, **more: Any) -> Any:
    completion = SimpleNamespace(token_ids=ids, finish_reason=finish, stop_reason=stop, logprobs=logprobs)
    return SimpleNamespace(**{"outputs": [completion], "num_cached_tokens": 3, "prompt_logprobs": None, **more})


def deltas(sampling: Sampling, *outputs: Any, prompt: int = 4) -> list[Delta]:
    reader = Outputs(Job("one", tuple(range(prompt)), sampling), 0)
    return [delta for one in outputs for delta in reader.deltas(one)]


def test_tokens_are_counted_and_only_the_first_delta_says_what_was_cached() -> None:
    got = deltas(Sampling(max_tokens=3), output([5]), output([6, 7], "length"))
    assert got == [Delta(0, 0, [5], cached_tokens=3), Delta(0, 1, [6, 7], finish=Finish(FinishReason.LENGTH))]


def test_a_stop_token_is_named() -> None:
    assert deltas(Sampling(max_tokens=3), output([5], "stop", 5))[0].finish == Finish(FinishReason.STOP, 5)


def test_without_tokens_to_make_the_one_that_vllm_made_is_left_out() -> None:
    flat = Flat().row((1, -0.5, 1))
    (delta,) = deltas(Sampling(max_tokens=0, logprobs=0), output([1], "stop", logprobs=flat))
    assert (delta.token_ids, delta.positions, delta.finish) == ([], [], Finish(FinishReason.LENGTH))


def test_requested_tokens_come_with_every_token() -> None:
    flat = Flat().row((5, -0.5, 1), (9, -3.0, 1))
    (delta,) = deltas(Sampling(max_tokens=3, logprobs=0, logprob_token_ids=(9,)), output([5], logprobs=flat))
    assert delta.positions == [Position(-0.5, 1, [], [], [-3.0])]


def test_a_prompts_rows_come_before_its_tokens_and_in_pieces() -> None:
    rows = MOST_ROWS + 10
    tensors = Tensors(numpy.full((rows, 1), 5), -numpy.arange(rows, dtype=float)[:, None], numpy.arange(1, rows + 1))
    got = deltas(Sampling(max_tokens=1, prompt_logprobs=0), output([5], "length", prompt_logprobs=tensors), prompt=rows + 1)
    assert [(delta.prompt_first, len(delta.prompt), delta.token_ids) for delta in got] == [(1, 256, []), (257, 10, []), (0, 0, [5])]
    assert got[1].prompt[0] == Position(-256.0, 257, [], [])


def test_rows_below_the_start_are_left_out() -> None:
    tensors = Tensors(numpy.array([[1], [2], [3]]), numpy.array([[-1.0], [-2.0], [-3.0]]), numpy.array([1, 1, 1]))
    sampling = Sampling(max_tokens=0, prompt_logprobs=0, prompt_logprobs_start=3)
    first, _ = deltas(sampling, output([5], "length", prompt_logprobs=tensors))
    assert (first.prompt_first, first.prompt) == (3, [Position(-3.0, 1, [], [])])


def test_an_end_that_nobody_asked_for_is_a_failure() -> None:
    with pytest.raises(EngineDied):
        deltas(Sampling(max_tokens=3), output([], "abort"))
