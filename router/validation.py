"""Completion requests to jobs: everything wrong with a request is said at once, and what remains cannot be wrong."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from router import faults
from router.catalogue import ModelSpec
from router.crossings import CROSSINGS, DEFAULT_MAX_TOKENS, best_of
from router.engine import Job, Sampling
from router.errors import Fault, InvalidRequest
from router.need import Need
from router.prompts import ValidPrompt, id_faults, length_faults, prompt_faults, refuse_endless, tokenised
from router.tokens import Vocabulary
from router.wire import CompletionRequest


@dataclass(frozen=True)
class ValidCompletion:
    """Jobs, one for each prompt, and how their results are to be shown; each job's choices are `best_of` candidates for n."""

    id: str
    prompts: tuple[ValidPrompt, ...]
    jobs: tuple[Job, ...]
    n: int = 1
    echo: bool = False
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    prompt_logprobs_start: int = 0
    return_token_ids: bool = False
    include_stop: bool = False
    stream: bool = False
    include_usage: bool = False
    continuous_usage: bool = False
    user: str | None = None

    @property
    def need(self) -> Need:
        """The worst case: every prompt, and every choice of it to its last token."""
        prompt = sum(len(prompt.ids) for prompt in self.prompts)
        completion = sum(len(job.seeds) * job.sampling.max_tokens for job in self.jobs)
        return Need(self.id, prompt, completion, sum(len(job.seeds) for job in self.jobs))


def parse(body: dict[str, Any], model: str | None = None) -> CompletionRequest:
    """`model`: the one that the path names. Raises InvalidRequest with every fault that needs no model to be seen."""
    return faults.validated(CompletionRequest, body, model, CROSSINGS)


async def validate(request: CompletionRequest, spec: ModelSpec, vocabulary: Vocabulary, account_id: str) -> ValidCompletion:
    """Raises InvalidRequest with every fault that the model decides."""
    found = [
        *prompt_faults("prompt", request.prompt, spec, vocabulary),
        *k_faults("logprobs", request.logprobs, spec),
        *k_faults("prompt_logprobs", request.prompt_logprobs, spec),
        *_id_faults(request, spec, vocabulary),
    ]
    if found:
        raise InvalidRequest(*found)
    for text in request.prompt:
        if isinstance(text, str):
            refuse_endless(text, request.max_tokens, spec, vocabulary)
    prompts = await tokenised(request.prompt, request.add_special_tokens, vocabulary)
    found = length_faults(prompts, request.max_tokens, spec)
    if found:
        raise InvalidRequest(*found)
    valid = _valid(request, spec, prompts, account_id)
    _refuse_more_than_is_left(request.min_tokens, valid.jobs)
    refuse_heavy(sum(_entries(job, valid.n) for job in valid.jobs), spec, _heavy_param(request))
    return valid


def _valid(request: CompletionRequest, spec: ModelSpec, prompts: list[ValidPrompt], account_id: str) -> ValidCompletion:
    request_id, salt = new_id("cmpl"), cache_salt(spec, account_id)
    seeds = (request.seed,) * best_of(request)
    samplings = (_sampling(request, spec.max_model_len - len(prompt.ids)) for prompt in prompts)
    jobs = (
        Job(request_id if len(prompts) == 1 else f"{request_id}-{index}", prompt.ids, sampling, seeds, salt)
        for index, (prompt, sampling) in enumerate(zip(prompts, samplings, strict=True))
    )
    return ValidCompletion(
        id=request_id,
        prompts=tuple(prompts),
        jobs=tuple(jobs),
        n=request.n,
        echo=request.echo,
        logprobs=_logprobs(request),
        prompt_logprobs=request.prompt_logprobs,
        prompt_logprobs_start=request.prompt_logprobs_start,
        return_token_ids=request.return_token_ids,
        include_stop=request.include_stop_str_in_output,
        stream=request.stream,
        include_usage=request.stream_options.include_usage,
        continuous_usage=request.stream_options.continuous_usage_stats,
        user=request.user,
    )


def _sampling(request: CompletionRequest, left: int) -> Sampling:
    """Every value as it was given. `best_of` needs logprobs to choose by, `echo` those of the prompt."""
    logprobs = _logprobs(request)
    chooses = best_of(request) > request.n
    echoed = logprobs if request.echo else None
    asked = [k for k in (echoed, request.prompt_logprobs) if k is not None]
    return Sampling(
        max_tokens=min(DEFAULT_MAX_TOKENS, left) if request.max_tokens is None else request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        min_p=request.min_p,
        presence_penalty=request.presence_penalty,
        frequency_penalty=request.frequency_penalty,
        repetition_penalty=request.repetition_penalty,
        logit_bias=request.logit_bias,
        min_tokens=request.min_tokens,
        ignore_eos=request.ignore_eos,
        stop_token_ids=tuple(request.stop_token_ids),
        stop=tuple(request.stop),
        skip_special_tokens=request.skip_special_tokens,
        logprobs=0 if chooses and logprobs is None else logprobs,
        logprob_token_ids=tuple(request.logprob_token_ids),
        prompt_logprobs=max(asked, default=None),
        prompt_logprobs_start=0 if echoed is not None else request.prompt_logprobs_start,
    )


def new_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(16)}"


def cache_salt(spec: ModelSpec, account_id: str) -> str | None:
    """Prefix caches are shared within an account only, so that timing tells nobody what others prompt, or by all (`shared_prefix`)."""
    if spec.shared_prefix:
        return None
    return hashlib.sha256(f"cache salt of {account_id}".encode()).hexdigest()[:32]


def _logprobs(request: CompletionRequest) -> int | None:
    """Requested ids come with the chosen token's own logprob."""
    return 0 if request.logprob_token_ids else request.logprobs


def _entries(job: Job, n: int) -> int:
    """Logprobs that the job's answer may hold."""
    sampling, choices = job.sampling, len(job.seeds)
    scored = 0 if sampling.prompt_logprobs is None else n * len(job.rows_of(0)) * (sampling.prompt_logprobs + 1)
    shown = None if sampling.logprobs is None else sampling.logprobs + 1 + len(sampling.logprob_token_ids)
    return scored + choices * sampling.max_tokens * (shown or 0)


def _refuse_more_than_is_left(min_tokens: int, jobs: tuple[Job, ...]) -> None:
    """The default of max_tokens shrinks with what the context leaves. Raises InvalidRequest."""
    left = min(job.sampling.max_tokens for job in jobs)
    if min_tokens > left:
        message = f"'min_tokens' must be at most the {left} tokens that the context leaves; {min_tokens} was given."
        raise InvalidRequest(_invalid("min_tokens", message))


def _heavy_param(request: CompletionRequest) -> str:
    """What brought the logprobs; `best_of` chooses by those that it asks for itself."""
    asked = ("logprobs", "prompt_logprobs", "logprob_token_ids")
    return next((name for name in asked if name in request.model_fields_set), "best_of")


def refuse_heavy(entries: int, spec: ModelSpec, param: str = "logprobs") -> None:
    """Raises InvalidRequest for more logprobs than one request may ask for."""
    if entries > spec.max_scoring_entries:
        message = (
            f"This request asks for up to {entries} logprobs (tokens x (k + 1)), and '{spec.id}' gives at most "
            f"{spec.max_scoring_entries} to one request: send fewer prompts, tokens or choices at once, or a smaller k."
        )
        raise InvalidRequest(_invalid(param, message))


def k_faults(param: str, k: int | None, spec: ModelSpec) -> list[Fault]:
    if k is None or k <= spec.max_logprobs:
        return []
    return [_invalid(param, f"'{param}' must be an integer from 0 to {spec.max_logprobs} for '{spec.id}'; {k} was given.")]


def _id_faults(request: CompletionRequest, spec: ModelSpec, vocabulary: Vocabulary) -> list[Fault]:
    given = {
        "logit_bias": list(request.logit_bias),
        "stop_token_ids": request.stop_token_ids,
        "logprob_token_ids": request.logprob_token_ids,
    }
    return [one for name, ids in given.items() for one in id_faults(name, ids, spec, vocabulary)]


def _invalid(param: str, message: str) -> Fault:
    return Fault(param, "invalid_value", message)
