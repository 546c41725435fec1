"""Starts an AsyncLLM and runs jobs on it.

Ids in, ids out: no text, no stop strings, flat logprobs, one vLLM request per choice. Import it only in
a model host (`host.py`), after `environment()` was applied.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.inputs.engine import tokens_input
from vllm.sampling_params import RequestOutputKind
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError

from deployments.counter_generator import engine_seed
from deployments.outputs import Outputs
from deployments.vllm_scores import MOST_CACHED
from deployments.vllm_stats import VllmStats
from router.catalogue import ModelSpec
from router.engine import Delta, EngineDied, Job, Sampling
from router.metrics import Sample

#: The priority of who must not wait for any job.
BEFORE_ALL = -1


def engine_arguments(spec: ModelSpec, seed: int) -> AsyncEngineArgs:
    """What the spec leaves open is vLLM's own choice. What the operator may not choose comes last."""
    return AsyncEngineArgs(
        model=spec.folder,
        revision=spec.revision if spec.on_hub else None,
        tokenizer=spec.tokenizer,
        tokenizer_revision=spec.tokenizer_place[1],
        load_format=spec.loader,
        dtype=spec.dtype,
        quantization=spec.quantization,
        kv_cache_dtype=spec.kv_cache_dtype,
        # One more than the context, so that a prompt that fills it can still be scored with one token.
        max_model_len=spec.max_model_len + 1,
        # Scores compare with the likeliest token, so 1 is always needed.
        max_logprobs=max(1, spec.max_logprobs),
        max_num_seqs=spec.max_num_seqs,
        max_num_batched_tokens=spec.max_num_batched_tokens,
        tensor_parallel_size=spec.tensor_parallel,
        pipeline_parallel_size=spec.pipeline_parallel,
        distributed_executor_backend=executor(spec),
        **_chosen(spec),
        trust_remote_code=False,
        scheduling_policy="priority",
        enable_prefix_caching=True,
        generation_config="vllm",
        logprobs_mode="raw_logprobs",
        hf_overrides={} if spec.head_dtype is None else {"head_dtype": spec.head_dtype},
        seed=seed,
    )


def executor(spec: ModelSpec) -> str:
    """Never left to vLLM: in a placement group it would take Ray for one node too, where processes begin sooner."""
    if spec.nodes > 1:
        return "ray"
    return "mp" if spec.gpus > 1 else "uni"


def _chosen(spec: ModelSpec) -> dict[str, Any]:
    """Of what may be left open, what is given."""
    own = {
        "block_size": spec.block_size,
        "kv_cache_memory_bytes": spec.kv_cache_bytes,
        "gpu_memory_utilization": spec.gpu_memory_utilization,
        "enforce_eager": True if spec.gpus == 0 else None,
    }
    return {name: value for name, value in own.items() if value is not None} | spec.engine_arguments.given


def engine_config(spec: ModelSpec, seed: int) -> Any:
    """With the placement group of the replica, where its GPUs are on several nodes (see `ray_group.py`)."""
    config = engine_arguments(spec, seed).create_engine_config()
    if spec.nodes > 1:
        from deployments.ray_group import placement_group

        config.parallel_config.placement_group = placement_group()
    return config


class VllmEngine:
    """One AsyncLLM. Raises EngineDied from every call once the engine is gone."""

    def __init__(self, spec: ModelSpec, seed: int) -> None:
        """Blocks for the whole boot."""
        if spec.gpus == 0:
            from deployments import vllm_threads  # not on a GPU

            vllm_threads.install(spec)
        self._llm = AsyncLLM.from_vllm_config(engine_config(spec, seed), disable_log_stats=True, stat_loggers=[VllmStats])
        self.last_output = time.monotonic()

    def measured(self) -> list[Sample]:
        """What vLLM counted since the boot."""
        stats: VllmStats = self._llm.logger_manager.stat_loggers[0]
        return stats.samples()

    async def choice(self, job: Job, choice: int, priority: int = 0) -> AsyncGenerator[Delta]:
        """The deltas of one choice, without regard to stop strings. Closing it aborts the request.

        Of those that wait for their prompt to be computed, or for room in the cache, the lowest `priority` is next.
        """
        ids = [int(token) for token in job.prompt_of(choice)]
        prompt = tokens_input(prompt_token_ids=ids, cache_salt=job.cache_salt)
        reader = Outputs(job, choice)
        try:
            request = self._llm.generate(prompt, sampling_params(job, choice), f"{job.id}-{choice}", priority=priority)
            async with aclosing(request) as outputs:
                async for output in outputs:
                    self.last_output = time.monotonic()
                    for delta in reader.deltas(output):
                        yield delta
                        if delta.prompt:
                            await asyncio.sleep(0)  # other streams go on between the pieces of a long prompt
        except EngineDeadError as error:
            raise EngineDied(str(error)) from error

    async def canary(self) -> None:
        """One greedy token through the whole engine."""
        job = Job(f"canary-{time.monotonic_ns()}", (0,), Sampling(max_tokens=1, temperature=0.0, logprobs=0))
        async for _ in self.choice(job, 0, BEFORE_ALL):
            pass

    @property
    def running(self) -> int:
        return int(self._llm.output_processor.get_num_unfinished_requests())


def sampling_params(job: Job, choice: int) -> SamplingParams:
    """Exact Python types everywhere: vLLM checks none, and a wrong one silently kills its input thread."""
    sampling, seed = job.sampling, job.seeds[choice]
    return SamplingParams(
        # vLLM has no 0: the one token that it makes then is left out by Outputs.
        max_tokens=max(1, int(sampling.max_tokens)),
        temperature=float(sampling.temperature),
        top_p=float(sampling.top_p),
        top_k=int(sampling.top_k),
        min_p=float(sampling.min_p),
        presence_penalty=float(sampling.presence_penalty),
        frequency_penalty=float(sampling.frequency_penalty),
        repetition_penalty=float(sampling.repetition_penalty),
        logit_bias={int(token): float(bias) for token, bias in sampling.logit_bias.items()} or None,
        min_tokens=int(sampling.min_tokens),
        ignore_eos=bool(sampling.ignore_eos),
        stop_token_ids=[int(token) for token in sampling.stop_token_ids],
        seed=None if seed is None else engine_seed(int(seed), choice),
        detokenize=False,
        output_kind=RequestOutputKind.DELTA,
        skip_clone=True,
        **_logprobs(sampling),
        **_prompt_logprobs(job, choice),
    )


def _logprobs(sampling: Sampling) -> dict[str, Any]:
    """vLLM gives either the likeliest tokens or the requested ones, each beside the token's own."""
    if sampling.logprobs is None:
        return {}
    if sampling.logprob_token_ids:
        return {"logprob_token_ids": [int(token) for token in sampling.logprob_token_ids], "flat_logprobs": True}
    return {"logprobs": int(sampling.logprobs), "flat_logprobs": True}


def _prompt_logprobs(job: Job, choice: int) -> dict[str, Any]:
    rows, k = job.rows_of(choice), job.sampling.prompt_logprobs
    if k is None or not rows:
        return {}
    if rows.start <= 1:
        return {"prompt_logprobs": int(k)}
    # The first row is computed at the token before it, which therefore must not come from the cache.
    return {"prompt_logprobs": int(k), "skip_reading_prefix_cache": False, "extra_args": {MOST_CACHED: rows.start - 1}}
