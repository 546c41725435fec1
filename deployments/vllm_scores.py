"""Logprobs of a prompt from the first that is wanted on, where vLLM computes them from the first that is not cached.

A tail of 8 tokens that begins in a block of the cache costs up to 32 rows there, and a prefix that all tails share 512 for the 8 of
its first tail; each row is a product with the head and a softmax over the vocabulary, a quarter of the whole work on a CPU.
A tensor-parallel engine's workers keep vLLM's way, whose rows are the same. Import it only in a model host, as `vllm_engine.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from vllm.utils.torch_utils import async_tensor_h2d
from vllm.v1.outputs import LogprobsTensors
from vllm.v1.worker.gpu_model_runner import GPUModelRunner

#: In `SamplingParams.extra_args`: how many prompt tokens may come from the prefix cache. The next one's logprob is not wanted,
#: those after it are.
MOST_CACHED = "most_cached"


def install() -> None:
    GPUModelRunner._get_prompt_logprobs_dict = prompt_logprobs


def most_cached(parameters: Any) -> int | None:
    return None if parameters is None else (parameters.extra_args or {}).get(MOST_CACHED)


def prompt_logprobs(self: Any, hidden_states: torch.Tensor, scheduled: dict[str, int]) -> dict[str, LogprobsTensors]:
    """Of requests whose prompt this step completed, by their ids: row i is of the prompt's token i + 1. Rows that nobody wants
    hold whatever was in memory.
    """
    done: dict[str, LogprobsTensors] = {}
    for name, k in list(self.num_prompt_logprobs.items()):
        if name in scheduled:  # not preempted
            request = self.requests[name]
            _score_step(self, name, k, scheduled[name], hidden_states)
            if request.num_computed_tokens + scheduled[name] >= len(request.prompt_token_ids):
                done[name] = request.in_progress_prompt_logprobs_cpu
                request.in_progress_prompt_logprobs_cpu = None
                del self.num_prompt_logprobs[name]
    if done:
        self._sync_device()
    return done


def _score_step(runner: Any, name: str, k: int, tokens: int, hidden_states: torch.Tensor) -> None:
    """The rows of one request that this step's tokens give, into its tensors."""
    request = runner.requests[name]
    computed, last = request.num_computed_tokens, len(request.prompt_token_ids) - 1
    if request.in_progress_prompt_logprobs_cpu is None:
        request.in_progress_prompt_logprobs_cpu = LogprobsTensors.empty_cpu(last, k + 1)
    rows = range(max(computed, most_cached(request.sampling_params) or 0), min(computed + tokens, last))
    if not rows:
        return
    offset = int(runner.query_start_loc.np[runner.input_batch.req_id_to_index[name]]) - computed
    states = hidden_states[offset + rows.start : offset + rows.stop]
    targets = async_tensor_h2d(request.prompt_token_ids[rows.start + 1 : rows.stop + 1], states.device, torch.int64)
    _write(request.in_progress_prompt_logprobs_cpu, rows, _scored(runner, states, k, targets))


def _scored(runner: Any, states: torch.Tensor, k: int, targets: torch.Tensor) -> LogprobsTensors:
    """`raw_logprobs`, the only mode that our engines have."""
    logprobs = runner.sampler.compute_logprobs(runner.model.compute_logits(states))
    return runner.sampler.gather_logprobs(logprobs, k, targets)


def _write(kept: LogprobsTensors, rows: range, scored: LogprobsTensors) -> None:
    for whole, part in zip(kept[:3], scored[:3], strict=True):
        whole[rows.start : rows.stop].copy_(part, non_blocking=True)
