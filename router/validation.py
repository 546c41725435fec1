"""Requests to jobs: everything wrong with a request is said at once, and what remains cannot be wrong."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from router.catalogue import ModelSpec
from router.engine import Job, Sampling
from router.errors import Fault, InvalidRequest
from router.tokens import Vocabulary
from router.wire import LATER, CompletionRequest, StreamOptions

T = TypeVar("T")

DEFAULT_MAX_TOKENS = 16
#: How much of a refused value a message repeats.
LONGEST_ECHO = 64
#: How many faults of one request are told.
MOST_FAULTS = 16
#: Normalisation may shorten a text before it is cut into tokens (NFC by at most this factor).
SHRINKAGE = 3


@dataclass(frozen=True)
class ValidCompletion:
    """A job, and how its result is to be shown."""

    job: Job
    stream: bool = False
    include_usage: bool = False
    continuous_usage: bool = False
    user: str | None = None


def parse(body: dict[str, Any]) -> CompletionRequest:
    """Raises InvalidRequest with every fault that needs no model to be seen."""
    body = {name: value for name, value in body.items() if value is not None or name not in LATER}
    try:
        request = CompletionRequest.model_validate(body)
    except ValidationError as error:
        raise InvalidRequest(*_faults(error.errors(include_url=False, include_context=False))) from None
    if request.stream_options not in (None, StreamOptions()) and not request.stream:
        raise InvalidRequest(_fault("stream_options", body["stream_options"]))
    return request


async def validate(request: CompletionRequest, spec: ModelSpec, vocabulary: Vocabulary, account_id: str) -> ValidCompletion:
    """Raises InvalidRequest with every fault that the model decides."""
    faults = [*_prompt_faults(request, vocabulary), *_logprobs_faults(request, spec)]
    if not faults:
        _refuse_endless(request, spec, vocabulary)
    ids = [] if faults else await vocabulary.encode_aside(request.prompt)
    faults += [] if faults else _length_faults(len(ids), request, spec)
    if faults:
        raise InvalidRequest(*faults)
    options = request.stream_options or StreamOptions()
    return ValidCompletion(
        job=_job(request, spec, ids, account_id),
        stream=bool(request.stream),
        include_usage=bool(options.include_usage),
        continuous_usage=bool(options.continuous_usage_stats),
        user=request.user,
    )


def _job(request: CompletionRequest, spec: ModelSpec, ids: list[int], account_id: str) -> Job:
    left = spec.max_model_len - len(ids)
    sampling = Sampling(
        max_tokens=min(DEFAULT_MAX_TOKENS, left) if request.max_tokens is None else request.max_tokens,
        temperature=_or(request.temperature, 1.0),
        top_p=_or(request.top_p, 1.0),
        top_k=_or(request.top_k, -1),
        min_p=_or(request.min_p, 0.0),
        stop=tuple(request.stop or ()),
        logprobs=request.logprobs,
    )
    salt = None if spec.shared_prefix else cache_salt(account_id)
    return Job("cmpl-" + secrets.token_hex(16), tuple(ids), sampling, (request.seed,), salt)


def cache_salt(account_id: str) -> str:
    """Prefix caches are shared within an account only, so that timing tells nobody what others prompt."""
    return hashlib.sha256(f"cache salt of {account_id}".encode()).hexdigest()[:32]


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _prompt_faults(request: CompletionRequest, vocabulary: Vocabulary) -> list[Fault]:
    if request.prompt:
        return []
    start = vocabulary.eos_id if vocabulary.bos_id is None else vocabulary.bos_id
    return [Fault("prompt", "invalid_value", f"'prompt' must not be empty; send [{start}] for an unconditional sample.")]


def _logprobs_faults(request: CompletionRequest, spec: ModelSpec) -> list[Fault]:
    if request.logprobs is None or request.logprobs <= spec.max_logprobs:
        return []
    rule = f"'logprobs' must be an integer from 0 to {spec.max_logprobs} for '{spec.id}'; {request.logprobs} was given."
    return [Fault("logprobs", "invalid_value", rule)]


def _refuse_endless(request: CompletionRequest, spec: ModelSpec, vocabulary: Vocabulary) -> None:
    """A prompt that cannot fit however it is cut into tokens is not cut into tokens at all."""
    least = len(request.prompt.encode()) // (SHRINKAGE * vocabulary.longest)
    if least > spec.max_model_len:
        raise InvalidRequest(_too_long("prompt", f"at least {least}", request, spec))


def _length_faults(prompt_tokens: int, request: CompletionRequest, spec: ModelSpec) -> list[Fault]:
    left = spec.max_model_len - prompt_tokens
    if left >= _or(request.max_tokens, 1):
        return []
    return [_too_long("max_tokens" if left >= 1 else "prompt", str(prompt_tokens), request, spec)]


def _too_long(param: str, prompt_tokens: str, request: CompletionRequest, spec: ModelSpec) -> Fault:
    message = (
        f"The prompt's {prompt_tokens} tokens and max_tokens ({_or(request.max_tokens, 1)}) must together be at most "
        f"{spec.max_model_len}, the context of '{spec.id}'."
    )
    return Fault(param, "context_length_exceeded", message)


def _faults(errors: list[ErrorDetails]) -> list[Fault]:
    """One per parameter, in the order of the declared type; of very many the first ones."""
    first: dict[str, ErrorDetails] = {}
    for error in errors:
        first.setdefault(_name(error), error)
    return [_declared(error) for error in list(first.values())[:MOST_FAULTS]]


def _name(error: ErrorDetails) -> str:
    nested = error["loc"][0] == "stream_options" and len(error["loc"]) > 1
    return ".".join(str(part) for part in error["loc"][: 2 if nested else 1])


def _declared(error: ErrorDetails) -> Fault:
    name, value = _name(error), error["input"]
    if error["type"] == "extra_forbidden":
        return Fault(name[:LONGEST_ECHO], "unknown_parameter", _unknown(name[:LONGEST_ECHO]))
    if error["type"] == "missing" or (value is None and len(error["loc"]) == 1):
        return Fault(name, "missing_parameter", f"'{name}' is required: {_rule(name)}.")
    return _fault(name, value)


def _fault(name: str, value: Any) -> Fault:
    rule = _rule(name)
    kind = re.match(r"an? \w+", rule)
    if isinstance(value, bool) and kind:
        rule = f"{kind[0]}, not a boolean: {rule}"
    return Fault(name, "invalid_value", f"'{name}' must be {rule}; {_echo(value)} was given.")


def _rule(name: str) -> str:
    """The declared rule of a parameter, without its default."""
    field, _, option = name.partition(".")
    declared = StreamOptions.model_fields[option] if option else CompletionRequest.model_fields[field]
    return (declared.description or "").partition("; by default")[0]


def _unknown(name: str) -> str:
    if name in LATER:
        return f"'{name}' is not available yet."
    known = [*CompletionRequest.model_fields, *LATER, *(f"stream_options.{option}" for option in StreamOptions.model_fields)]
    close = difflib.get_close_matches(name, known, n=1)
    return f"'{name}' is not a parameter of this API." + (f" Did you mean '{close[0]}'?" if close else "")


def _echo(value: Any) -> str:
    if isinstance(value, list | dict) and len(value) > LONGEST_ECHO:
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)} entries"
    text = json.dumps(value[: LONGEST_ECHO + 1] if isinstance(value, str) else value, ensure_ascii=False)
    return text if len(text) <= LONGEST_ECHO else text[:LONGEST_ECHO] + "…"
