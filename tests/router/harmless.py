"""What every job must be that an engine is given, whatever was asked: in bounds, in the vocabulary, in the context."""

from __future__ import annotations

import math

from router.catalogue import ModelSpec
from router.engine import Job

INT64 = 1 << 63


def assert_harmless(job: Job, spec: ModelSpec, size: int) -> None:
    """`size`: how many ids the vocabulary has."""
    _assert_numbers(job)
    _assert_ids(job, size)
    sampling = job.sampling
    assert len(job.prompt_ids) > 0
    assert len(job.prompt_ids) + max([sampling.max_tokens, *map(len, job.tails)]) <= spec.max_model_len
    assert 0 <= sampling.min_tokens <= sampling.max_tokens
    assert 1 <= len(job.seeds) <= 128
    assert all(seed is None or -INT64 <= seed < INT64 for seed in job.seeds)
    assert all(k is None or 0 <= k <= spec.max_logprobs for k in (sampling.logprobs, sampling.prompt_logprobs))
    assert not sampling.logprob_token_ids or sampling.logprobs == 0
    assert len(sampling.stop) <= 16
    assert all(0 < len(stop) <= 256 for stop in sampling.stop)
    assert job.cache_salt is not None
    assert job.cache_salt.isalnum()


def _assert_numbers(job: Job) -> None:
    sampling = job.sampling
    bounds = [
        (sampling.temperature, 0, 2),
        (sampling.top_p, 5e-324, 1),
        (sampling.min_p, 0, 1),
        (sampling.presence_penalty, -2, 2),
        (sampling.frequency_penalty, -2, 2),
        (sampling.repetition_penalty, 5e-324, 2),
        *((bias, -100, 100) for bias in sampling.logit_bias.values()),
    ]
    assert all(type(value) is float and math.isfinite(value) and least <= value <= most for value, least, most in bounds)
    assert sampling.temperature == 0 or sampling.temperature >= 0.01
    assert sampling.top_k == -1 or 1 <= sampling.top_k < 1 << 31
    assert sampling.prompt_logprobs_start >= 0


def _assert_ids(job: Job, size: int) -> None:
    sampling = job.sampling
    ids = [*job.prompt_ids, *sampling.stop_token_ids, *sampling.logprob_token_ids, *sampling.logit_bias]
    assert all(type(one) is int and 0 <= one < size for one in ids)
    assert len(sampling.stop_token_ids) <= 64
    assert len(sampling.logprob_token_ids) <= 128
    assert len(sampling.logit_bias) <= 300
