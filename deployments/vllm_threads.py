"""More CPU threads for steps that compute prompts: their products are worth sharing out, those of a step of streams are not.

On two cores a step of 32 streams leaves the other core to the gateway, while a prompt is waited for by all. oneDNN's sums are the
same to the bit with any number of threads (measured from 1 to 7, for widths to 11,008), and so is a model that is `exact`.
Import it only in a model host, as `vllm_engine.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import torch
from vllm.v1.worker.cpu_model_runner import CPUModelRunner

from router.catalogue import ModelSpec

#: Tokens of a request in a step from which they are shared out. Shorter prompts come in numbers, each with its own work for the gateway,
#: which is where the other core then goes: with 16 tokens each two threads served 0.87 of the requests that one did.
LONG_PROMPT = 32
#: Tokens of such requests in a step. Fewer do not pay for waking a thread.
MANY_TOKENS = 128

original_execute = CPUModelRunner.execute_model
#: vLLM's worker puts one in its place that does nothing.
set_threads = torch.set_num_threads
few, many = 1, 1


def install(spec: ModelSpec) -> None:
    """For the engine that this process starts, which inherits it."""
    global few, many
    few, many = spec.threads, for_prompts(spec)
    set_threads(few)
    CPUModelRunner.execute_model = execute_model


def for_prompts(spec: ModelSpec) -> int:
    return spec.prompt_threads or max(spec.threads, min(2 * spec.threads, len(os.sched_getaffinity(0))))


def execute_model(self: Any, scheduler_output: Any, *args: Any, **kwargs: Any) -> Any:
    """Sampling and scoring, which follow, are shared out in the same way."""
    share(scheduler_output.num_scheduled_tokens.values())
    return original_execute(self, scheduler_output, *args, **kwargs)


def share(scheduled: Iterable[int]) -> None:
    """By the tokens of each request of a step."""
    wanted = many if sum(count for count in scheduled if count >= LONG_PROMPT) >= MANY_TOKENS else few
    if torch.get_num_threads() != wanted:
        set_threads(wanted)
