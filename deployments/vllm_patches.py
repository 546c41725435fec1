"""What vLLM 0.32 gets wrong for us, mended in place. Each patch says what it is for.

Functions that replace vLLM's stand at module level beside the originals, so that installing them twice is
harmless and a spawned process finds them by name. Import it only in a model host, as `vllm_engine.py`.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import torch
import vllm
from torch.nn import functional
from vllm.logprobs import FlatLogprobs
from vllm.model_executor.model_loader.default_loader import DefaultModelLoader
from vllm.platforms import current_platform
from vllm.v1.core.kv_cache_manager import KVCacheManager
from vllm.v1.engine import core, utils
from vllm.v1.engine.logprobs import LogprobsProcessor
from vllm.v1.outputs import LogprobsTensors, SamplerOutput
from vllm.v1.sample.ops.topk_topp_sampler import TopKTopPSampler, apply_top_k_top_p
from vllm.v1.sample.sampler import Sampler
from vllm.v1.worker.gpu_input_batch import CachedRequestState

from deployments import vllm_exact, vllm_kernels, vllm_scores, vllm_version
from deployments.boot_sheet import BootSheet
from deployments.counter_generator import CounterGenerator

PARENT_CHECK_SECONDS = 0.5

original_run = core.EngineCoreProc.run_engine_core
original_lookup = KVCacheManager.get_computed_blocks
original_sampler = Sampler.forward
original_state = CachedRequestState.__post_init__
original_weights = DefaultModelLoader.get_all_weights


def install(exact: bool) -> None:
    """Call once, before the first engine. Raises RuntimeError for any other vLLM than the one read."""
    vllm_version.check(vllm.__version__)
    # The engine process outlives a killed parent unless it watches it (vllm-project/vllm#55510).
    core.EngineCoreProc.run_engine_core = staticmethod(run_engine_core)
    _install_in_engine()
    LogprobsProcessor._update_prompt_logprobs = keep_prompt_tensors
    FlatLogprobs.extend = extend
    if current_platform.is_cpu():
        _install_for_cpu()
        vllm_kernels.install()
        vllm_exact.install_head()
        if exact:
            vllm_exact.install()


def warm(cpu_modules: Iterable[str]) -> None:
    """What a CPU engine loads besides modules, once for all forks of this process. A GPU is left alone: CUDA survives no fork."""
    if not current_platform.is_cpu():
        return
    for module in cpu_modules:
        importlib.import_module(module)
    current_platform.import_kernels()
    current_platform.register_triton_kernel_overrides()
    type(current_platform).register_triton_kernel_overrides = classmethod(lambda cls: None)


def _install_in_engine() -> None:
    KVCacheManager.get_computed_blocks = computed_blocks
    DefaultModelLoader.get_all_weights = counted_weights
    vllm_scores.install()


def _install_for_cpu() -> None:
    # vLLM insists on spawn for the CPU, which imports everything a second time.
    utils.get_mp_context = lambda: multiprocessing.get_context("fork")
    CachedRequestState.__post_init__ = count_draws
    TopKTopPSampler.forward_cpu = forward_cpu
    Sampler.forward = sample


def run_engine_core(*args: Any, **kwargs: Any) -> None:
    """Stands in for vLLM's. The scheduler runs here, also where this process was spawned and has no patches yet."""
    _install_in_engine()
    watch_parent(os.getppid())
    try:
        original_run(*args, **kwargs)
    except Exception as error:
        BootSheet.of_environment().fail(f"{type(error).__name__}: {error}")
        raise


def counted_weights(self: Any, *args: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Tells how many bytes of the weights were asked for."""
    sheet = BootSheet.of_environment()
    for name, weight in original_weights(self, *args):
        sheet.add(weight.nbytes)
        yield name, weight


def watch_parent(parent: int) -> None:
    """Kills this process soon after the given parent is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_CHECK_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def computed_blocks(self: Any, request: Any) -> Any:
    """A scored prompt may use the cache up to its first row: rows that the cache covers are never computed.

    Asked again for each request that resumes after a preemption, so it holds then too.
    """
    most = vllm_scores.most_cached(request.sampling_params)
    if most is None:
        return original_lookup(self, request)
    find = self.coordinator.find_longest_cache_hit
    self.coordinator.find_longest_cache_hit = lambda hashes, length: find(hashes, min(length, most))
    try:
        return original_lookup(self, request)
    finally:
        del self.coordinator.find_longest_cache_hit


def keep_prompt_tensors(self: Any, tensors: LogprobsTensors) -> None:
    """The tensors themselves reach us: vLLM makes lists of them all at once, and every stream waits meanwhile."""
    self.prompt_logprobs = tensors


def extend(self: Any, other: Any) -> None:
    """Merges outputs that waited for us as they are. vLLM's way by dicts loses ranks, and entries that are there twice."""
    shift = len(self.logprobs)
    self.start_indices.extend(start + shift for start in other.start_indices)
    self.end_indices.extend(end + shift for end in other.end_indices)
    for name in ("token_ids", "logprobs", "ranks", "decoded_tokens"):
        getattr(self, name).extend(getattr(other, name))


def count_draws(self: Any) -> None:
    """Seeded requests on the CPU draw from a CounterGenerator (see there for why)."""
    original_state(self)
    if self.generator is not None:
        self.generator = CounterGenerator(self.sampling_params.seed)


def forward_cpu(self: Any, logits: Any, generators: dict[int, CounterGenerator], k: Any, p: Any) -> Any:
    logits = apply_top_k_top_p(logits, k, p)
    seeds = torch.randint(0, 2**31, (logits.shape[0],), dtype=torch.long)
    for row, generator in generators.items():
        seeds[row] = generator.draw()
    return torch.ops._C.fused_gumbel_argmax(logits.to(torch.float32), seeds), None


def sample(self: Any, logits: Any, sampling_metadata: Any, *args: Any, **kwargs: Any) -> SamplerOutput:
    """One request's `logprob_token_ids` must not replace the logprobs that its batch mates asked for."""
    asked = sampling_metadata.logprob_token_ids
    if not asked or sampling_metadata.max_num_logprobs is None:
        return original_sampler(self, logits, sampling_metadata, *args, **kwargs)
    raw = self.compute_logprobs(logits)
    sampling_metadata.logprob_token_ids = None
    try:
        output = original_sampler(self, logits, sampling_metadata, *args, **kwargs)
    finally:
        sampling_metadata.logprob_token_ids = asked
    specific = self.gather_specific_token_logprobs(raw, asked, output.sampled_token_ids.squeeze(-1).long())
    output.logprobs_tensors = _with_rows(output.logprobs_tensors, specific, list(asked))
    return output


def _with_rows(all_rows: LogprobsTensors, specific: LogprobsTensors, rows: list[int]) -> LogprobsTensors:
    """The first with the given rows from the second. vLLM cuts each row to what its request asked for."""
    width = max(all_rows.logprobs.shape[1], specific.logprobs.shape[1])
    ids = functional.pad(all_rows.logprob_token_ids, (0, width - all_rows.logprobs.shape[1]))
    values = functional.pad(all_rows.logprobs, (0, width - all_rows.logprobs.shape[1]), value=float("-inf"))
    filled = specific.logprobs.shape[1]
    ids[rows, :filled] = specific.logprob_token_ids[rows].to(ids.dtype)
    values[rows, :filled] = specific.logprobs[rows]
    return LogprobsTensors(ids, values, all_rows.selected_token_ranks)
