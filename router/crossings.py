"""What each field of a completion request allows and the fields together do not."""

from __future__ import annotations

from router.errors import Fault
from router.faults import Crossing, fault
from router.fields import MOST_SEQUENCES
from router.wire import CompletionRequest

DEFAULT_MAX_TOKENS = 16


def best_of(request: CompletionRequest) -> int:
    """How many candidates each prompt gets."""
    return request.n if request.best_of is None else request.best_of


def _wrong(param: str, message: str) -> Fault:
    return Fault(param, "invalid_value", message)


def _options_without_stream(request: CompletionRequest) -> Fault | None:
    if request.stream or not request.stream_options.model_fields_set:
        return None
    return fault(CompletionRequest, "stream_options", request.stream_options.model_dump(exclude_unset=True))


def _fewer_than_n(request: CompletionRequest) -> Fault | None:
    if best_of(request) >= request.n:
        return None
    return _wrong("best_of", f"'best_of' must be at least n ({request.n}); {request.best_of} was given.")


def _best_of_a_stream(request: CompletionRequest) -> Fault | None:
    if not request.stream or best_of(request) <= request.n:
        return None
    return _wrong("best_of", f"'best_of' must be n ({request.n}) where 'stream' is true: the best are known only at the end.")


def _too_many_sequences(request: CompletionRequest) -> Fault | None:
    candidates, prompts = best_of(request), len(request.prompt)
    if candidates * prompts <= MOST_SEQUENCES:
        return None
    param = "n" if request.best_of is None else "best_of"
    return _wrong(param, f"Prompts ({prompts}) times '{param}' ({candidates}) must be at most {MOST_SEQUENCES}.")


def _two_kinds_of_logprobs(request: CompletionRequest) -> Fault | None:
    both = request.logprob_token_ids and request.logprobs
    return fault(CompletionRequest, "logprob_token_ids", request.logprob_token_ids) if both else None


def _more_than_most(request: CompletionRequest) -> Fault | None:
    most = DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens
    if request.min_tokens <= most:
        return None
    return _wrong("min_tokens", f"'min_tokens' must be at most max_tokens ({most}); {request.min_tokens} was given.")


CROSSINGS = (
    Crossing(frozenset({"stream", "stream_options"}), _options_without_stream),
    Crossing(frozenset({"n", "best_of"}), _fewer_than_n),
    Crossing(frozenset({"n", "best_of", "stream"}), _best_of_a_stream),
    Crossing(frozenset({"n", "best_of", "prompt"}), _too_many_sequences),
    Crossing(frozenset({"logprobs", "logprob_token_ids"}), _two_kinds_of_logprobs),
    Crossing(frozenset({"min_tokens", "max_tokens"}), _more_than_most),
)
