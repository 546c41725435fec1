"""The only file that imports vllm: starts an AsyncLLM, runs jobs on it, mends what 0.32 gets wrong.

Ids in, ids out: no text, no stop strings, flat logprobs, one vLLM request per choice. Import it only in
a model host (`host.py`), after `environment()` was applied.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import torch
import vllm
from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.inputs.engine import tokens_input
from vllm.platforms import current_platform
from vllm.sampling_params import RequestOutputKind
from vllm.v1.engine import core, utils
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.exceptions import EngineDeadError
from vllm.v1.sample.ops.topk_topp_sampler import TopKTopPSampler, apply_top_k_top_p
from vllm.v1.worker.gpu_input_batch import CachedRequestState

from deployments.counter_generator import CounterGenerator, engine_seed
from deployments.positions import positions_of
from router.catalogue import ModelSpec
from router.engine import Delta, EngineDied, Finish, FinishReason, Job, Sampling

VERSION = "0.32.0"
PARENT_CHECK_SECONDS = 0.5

original_run = core.EngineCoreProc.run_engine_core


def install_patches() -> None:
    """Call once, before the first engine. Raises RuntimeError for any other vLLM than the one read."""
    if vllm.__version__.split("+")[0] != VERSION:
        raise RuntimeError(f"basemodel's patches are for vLLM {VERSION}, not {vllm.__version__}; install the locked version.")
    # The engine process outlives a killed parent unless it watches it (vllm-project/vllm#55510).
    core.EngineCoreProc.run_engine_core = staticmethod(run_engine_core)
    if current_platform.is_cpu():
        # vLLM insists on spawn for the CPU, which imports everything a second time.
        utils.get_mp_context = lambda: multiprocessing.get_context("fork")
        _seed_by_counter()


def run_engine_core(*args: Any, **kwargs: Any) -> None:
    """Stands in for vLLM's; importable, because a spawned process finds it by its name."""
    watch_parent(os.getppid())
    original_run(*args, **kwargs)


def watch_parent(parent: int) -> None:
    """Kills this process soon after the given parent is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _seed_by_counter() -> None:
    """Seeded requests on the CPU draw from a CounterGenerator (see there for why)."""
    original = CachedRequestState.__post_init__

    def post_init(self: Any) -> None:
        original(self)
        if self.generator is not None:
            self.generator = CounterGenerator(self.sampling_params.seed)

    def forward_cpu(self: Any, logits: Any, generators: dict[int, CounterGenerator], k: Any, p: Any) -> Any:
        logits = apply_top_k_top_p(logits, k, p)
        seeds = torch.randint(0, 2**31, (logits.shape[0],), dtype=torch.long)
        for row, generator in generators.items():
            seeds[row] = generator.draw()
        return torch.ops._C.fused_gumbel_argmax(logits.to(torch.float32), seeds), None

    CachedRequestState.__post_init__ = post_init
    TopKTopPSampler.forward_cpu = forward_cpu


def engine_arguments(spec: ModelSpec, seed: int) -> AsyncEngineArgs:
    optional = {"block_size": spec.block_size, "kv_cache_memory_bytes": spec.kv_cache_bytes}
    overrides = {} if spec.head_dtype is None else {"head_dtype": spec.head_dtype}
    return AsyncEngineArgs(
        model=spec.folder,
        revision=None if os.path.isdir(spec.folder) else spec.revision,
        dtype=spec.dtype,
        # One more than the context, so that a prompt that fills it can still be scored with one token.
        max_model_len=spec.max_model_len + 1,
        max_logprobs=spec.max_logprobs,
        max_num_seqs=spec.max_num_seqs,
        max_num_batched_tokens=spec.max_num_batched_tokens,
        tensor_parallel_size=max(spec.gpus, 1),
        distributed_executor_backend="mp" if spec.gpus > 1 else None,
        enforce_eager=spec.gpus == 0,
        enable_prefix_caching=True,
        generation_config="vllm",
        logprobs_mode="raw_logprobs",
        hf_overrides=overrides,
        seed=seed,
        **{name: value for name, value in optional.items() if value is not None},
    )


class VllmEngine:
    """One AsyncLLM. Raises EngineDied from every call once the engine is gone."""

    def __init__(self, spec: ModelSpec, seed: int) -> None:
        """Blocks for the whole boot."""
        if spec.gpus == 0:
            torch.set_num_threads(spec.threads)
        config = engine_arguments(spec, seed).create_engine_config()
        self._llm = AsyncLLM.from_vllm_config(config, disable_log_stats=True, stat_loggers=None)
        self.last_output = time.monotonic()

    async def choice(self, job: Job, choice: int) -> AsyncGenerator[Delta]:
        """The deltas of one choice, without regard to stop strings. Closing it aborts the request."""
        prompt = tokens_input(prompt_token_ids=[int(token) for token in job.prompt_ids], cache_salt=job.cache_salt)
        parameters = sampling_params(job.sampling, job.seeds[choice], choice)
        first, k = 0, job.sampling.logprobs
        try:
            async with aclosing(self._llm.generate(prompt, parameters, f"{job.id}-{choice}")) as outputs:
                async for output in outputs:
                    self.last_output = time.monotonic()
                    delta = _delta(choice, first, output, k)
                    first += len(delta.token_ids)
                    yield delta
        except EngineDeadError as error:
            raise EngineDied(str(error)) from error

    async def canary(self) -> None:
        """One greedy token through the whole engine."""
        job = Job(f"canary-{time.monotonic_ns()}", (0,), Sampling(max_tokens=1, temperature=0.0, logprobs=0))
        async for _ in self.choice(job, 0):
            pass

    @property
    def running(self) -> int:
        return int(self._llm.output_processor.get_num_unfinished_requests())


def sampling_params(sampling: Sampling, seed: int | None, choice: int) -> SamplingParams:
    """Exact Python types everywhere: vLLM checks none, and a wrong one silently kills its input thread."""
    return SamplingParams(
        max_tokens=int(sampling.max_tokens),
        temperature=float(sampling.temperature),
        top_p=float(sampling.top_p),
        top_k=int(sampling.top_k),
        min_p=float(sampling.min_p),
        seed=None if seed is None else engine_seed(int(seed), choice),
        logprobs=None if sampling.logprobs is None else int(sampling.logprobs),
        detokenize=False,
        flat_logprobs=sampling.logprobs is not None,
        output_kind=RequestOutputKind.DELTA,
        skip_clone=True,
    )


def _delta(choice: int, first: int, output: Any, k: int | None) -> Delta:
    """One RequestOutput as a Delta; it may hold several tokens when we were slower than the engine."""
    completion = output.outputs[0]
    positions = None if k is None else positions_of(completion.logprobs, len(completion.token_ids), k)
    finish = None
    if completion.finish_reason is not None:
        if completion.finish_reason not in ("stop", "length"):
            raise EngineDied(f"vLLM ended a request with {completion.finish_reason}")
        finish = Finish(FinishReason(completion.finish_reason), completion.stop_reason)
    cached = (output.num_cached_tokens or 0) if first == 0 else 0
    return Delta(choice, first, [int(token) for token in completion.token_ids], positions, finish, cached)


async def self_check(engine: VllmEngine, spec: ModelSpec) -> None:
    """Warms every kernel up; refuses an `exact` engine whose draws depend on batch mates or on chunking.

    Raises RuntimeError.
    """
    sampling = Sampling(max_tokens=8, temperature=1.0, top_p=0.9, top_k=50, min_p=0.01, logprobs=5)
    length = min(1000, spec.max_model_len - sampling.max_tokens)
    jobs = [Job(f"check-{n}", (0, *[7 + n] * (length - 1)), sampling, (n,)) for n in range(4)]
    alone = await _tokens(engine, jobs[0])
    together = await asyncio.gather(*(_tokens(engine, job) for job in jobs))
    if spec.determinism == "exact" and together[0] != alone:
        raise RuntimeError("a seeded request gave other tokens in a batch than alone")


async def _tokens(engine: VllmEngine, job: Job) -> list[int]:
    return [token async for delta in engine.choice(job, 0) for token in delta.token_ids]
