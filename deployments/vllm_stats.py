"""vLLM's own numbers, under its names, added up in plain Python: its own loggers cost every step tens of calls.

Import it only in a model host. It stands in the place of vLLM's Prometheus logger, which would otherwise be there too.
"""

from __future__ import annotations

from typing import Any

from vllm.v1.metrics.loggers import PrometheusStatLogger
from vllm.v1.metrics.stats import IterationStats, SchedulerStats

from router.metrics import GAPS, Registry, Sample


class VllmStats(PrometheusStatLogger):  # type: ignore[misc]
    """Of one engine. `samples` without a `model`: who knows it adds it."""

    def __init__(self, vllm_config: Any, engine_indexes: list[int] | None = None) -> None:
        """Without that of the class above, which begins vLLM's own metrics."""
        self.registry = own = Registry()
        self._running = own.gauge("vllm_num_requests_running", "Choices in the batch.").of()
        self._waiting = own.gauge("vllm_num_requests_waiting", "Choices that wait for room in the batch.").of()
        self._cache = own.gauge("vllm_kv_cache_usage_ratio", "Share of the KV cache that is in use.").of()
        self._queries = own.counter("vllm_prefix_cache_queries_total", "Prompt tokens looked up in the prefix cache.").of()
        self._hits = own.counter("vllm_prefix_cache_hits_total", "Of them, found there.").of()
        self._prompt = own.counter("vllm_prompt_tokens_total", "Prompt tokens, found or computed.").of()
        self._cached = own.counter("vllm_prompt_tokens_cached_total", "Prompt tokens that were not computed.").of()
        self._made = own.counter("vllm_generation_tokens_total", "Tokens made.").of()
        self._preempted = own.counter("vllm_num_preemptions_total", "Choices put back for want of cache.").of()
        self._ttft = own.histogram("vllm_time_to_first_token_seconds", "In the engine, its queue included.").of()
        self._gaps = own.histogram("vllm_inter_token_latency_seconds", "Between two tokens of a choice, in the engine.", bounds=GAPS).of()
        self._queue = own.histogram("vllm_request_queue_time_seconds", "Wait in the engine.").of()
        self._prefill = own.histogram("vllm_request_prefill_time_seconds", "From the batch to the first token.").of()
        self._decode = own.histogram("vllm_request_decode_time_seconds", "From the first token to the last.").of()

    def samples(self) -> list[Sample]:
        return list(self.registry.samples())

    def record(self, scheduler_stats: SchedulerStats | None, iteration_stats: IterationStats | None, *_: Any, **__: Any) -> None:
        """Called for each step."""
        if scheduler_stats is not None:
            self._running.value, self._waiting.value = scheduler_stats.num_running_reqs, scheduler_stats.num_waiting_reqs
            self._cache.value = scheduler_stats.kv_cache_usage
            self._queries.value += scheduler_stats.prefix_cache_stats.queries
            self._hits.value += scheduler_stats.prefix_cache_stats.hits
        if iteration_stats is not None:
            self._step(iteration_stats)

    def _step(self, step: IterationStats) -> None:
        self._made.value += step.num_generation_tokens
        self._prompt.value += step.prompt_token_stats.total
        self._cached.value += step.prompt_token_stats.cached_tokens
        self._preempted.value += step.num_preempted_reqs
        for seconds in step.time_to_first_tokens_iter:
            self._ttft.observe(seconds)
        for seconds in step.inter_token_latencies_iter:
            self._gaps.observe(seconds)
        for ended in step.finished_requests:
            self._queue.observe(ended.queued_time)
            self._prefill.observe(ended.prefill_time)
            self._decode.observe(ended.decode_time)

    def log_engine_initialized(self) -> None:
        """vLLM's own would be told its configuration."""

    def record_sleep_state(self, sleep: int = 0, level: int = 0) -> None:
        """Ours never sleep."""

    def record_admission_rejection(self, reason: str) -> None:
        """Ours have no bound of their own."""
