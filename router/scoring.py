"""`POST /v1/score`: continuations of one prompt, each with the logprob the model gives it. The prompt is computed once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any

from router import faults
from router.batch import Item
from router.catalogue import ModelSpec
from router.engine import Job, Position, Sampling
from router.errors import Fault, InvalidRequest
from router.faults import Crossing
from router.logprobs import by_text, ranked
from router.need import Need
from router.prompts import first_id, id_faults, least_tokens, prompt_faults
from router.tokens import LONG_TEXT, Vocabulary
from router.validation import cache_salt, k_faults, new_id, refuse_heavy
from router.wire import ScoreRequest


@dataclass(frozen=True)
class Tail:
    """The tokens of one continuation; `merged` where its text would not have been cut at the prompt's end."""

    ids: tuple[int, ...]
    merged: bool = False


#: The prompt's tokens, and those of each continuation.
Cut = tuple[tuple[int, ...], tuple[Tail, ...]]


@dataclass(frozen=True)
class ValidScore:
    """`job` scores every different tail once; `tails` has one for each continuation."""

    job: Job
    tails: tuple[Tail, ...]
    logprobs: int | None

    @property
    def need(self) -> Need:
        """The prompt once, and every continuation."""
        return Need(self.job.id, len(self.job.prompt_ids) + sum(len(tail.ids) for tail in self.tails))


def parse(body: dict[str, Any], model: str | None = None) -> ScoreRequest:
    """`model`: the one that the path names. Raises InvalidRequest."""
    return faults.validated(ScoreRequest, body, model, [Crossing(frozenset({"prompt", "continuations"}), _two_kinds)])


def _two_kinds(request: ScoreRequest) -> Fault | None:
    if isinstance(request.prompt, str) == isinstance(request.continuations[0], str):
        return None
    return faults.fault(ScoreRequest, "continuations", request.continuations)


async def validate(request: ScoreRequest, spec: ModelSpec, vocabulary: Vocabulary, account_id: str) -> ValidScore:
    """Raises InvalidRequest with every fault that the model decides."""
    found = [
        *([] if isinstance(request.prompt, str) else id_faults("prompt", request.prompt, spec, vocabulary)),
        *prompt_faults("continuations", request.continuations, spec, vocabulary),
        *k_faults("logprobs", request.logprobs, spec),
    ]
    if found:
        raise InvalidRequest(*found)
    prefix, tails = await _tokenised(request, spec, vocabulary)
    found = [*_empty(prefix, tails, vocabulary), *_length_faults(len(prefix), max(len(tail.ids) for tail in tails), spec)]
    if found:
        raise InvalidRequest(*found)
    k = max(1, request.logprobs or 0)
    refuse_heavy(sum(len(tail.ids) for tail in tails) * (k + 1), spec)
    return ValidScore(_job(prefix, tails, k, cache_salt(spec, account_id)), tails, request.logprobs)


def _job(prefix: tuple[int, ...], tails: tuple[Tail, ...], k: int, salt: str | None) -> Job:
    different = tuple(dict.fromkeys(tail.ids for tail in tails))
    sampling = Sampling(max_tokens=0, temperature=0.0, prompt_logprobs=k, prompt_logprobs_start=len(prefix))
    return Job(new_id("score"), prefix, sampling, (None,) * len(different), salt, different)


async def _tokenised(request: ScoreRequest, spec: ModelSpec, vocabulary: Vocabulary) -> Cut:
    if not isinstance(request.prompt, str):
        return tuple(request.prompt), tuple(Tail(tuple(ids)) for ids in request.continuations if not isinstance(ids, str))
    texts = [text for text in request.continuations if isinstance(text, str)]
    least = least_tokens(request.prompt, vocabulary), max(least_tokens(text, vocabulary) for text in texts)
    if max(least) > spec.max_model_len:
        raise InvalidRequest(*_length_faults(*least, spec, "at least "))
    if len(request.prompt) * len(texts) + sum(map(len, texts)) < LONG_TEXT:
        return cut(request.prompt, texts, vocabulary, request.add_special_tokens)
    return await asyncio.to_thread(cut, request.prompt, texts, vocabulary, request.add_special_tokens)


def cut(prompt: str, continuations: list[str], vocabulary: Vocabulary, add_special_tokens: bool) -> Cut:
    """The prompt's ids, and each continuation's, as lm-eval's `_encode_pair` cuts them.

    White space at the prompt's end goes to the continuation; a continuation's tokens are those of the whole text
    after as many as the prompt alone has. Where the whole text has no more than those, the continuation is cut alone.
    """
    context = prompt.rstrip()
    prefix = tuple(vocabulary.encode(context, add_special_tokens)) if context or add_special_tokens else ()
    tails = []
    for continuation in continuations:
        whole = tuple(vocabulary.encode(prompt + continuation, add_special_tokens))
        alone = () if whole[len(prefix) :] else vocabulary.encode(continuation, add_special_tokens=False)
        tails.append(Tail(whole[len(prefix) :] or tuple(alone), merged=whole[: len(prefix)] != prefix))
    return prefix, tuple(tails)


def _empty(prefix: tuple[int, ...], tails: tuple[Tail, ...], vocabulary: Vocabulary) -> list[Fault]:
    found = []
    if not prefix:
        message = (
            "'prompt' comes to no tokens, and without any before it a first token has no logprob; leave add_special_tokens true where "
            f"the tokenizer adds a BOS, or send [{first_id(vocabulary)}] and the continuations as token ids too."
        )
        found.append(Fault("prompt", "invalid_value", message))
    empty = next((index for index, tail in enumerate(tails) if not tail.ids), None)
    if empty is not None:
        message = f"'continuations' has at index {empty} a text that adds no token to the prompt."
        found.append(Fault("continuations", "invalid_value", message))
    return found


def _length_faults(prefix: int, tail: int, spec: ModelSpec, about: str = "") -> list[Fault]:
    """`tail`: the longest continuation's tokens; `about` stands before both numbers."""
    if prefix + tail <= spec.max_model_len:
        return []
    message = (
        f"The prompt's {about}{prefix} tokens and the longest continuation's {about}{tail} must together be at most "
        f"{spec.max_model_len}, the context of '{spec.id}'."
    )
    return [Fault("prompt" if prefix >= spec.max_model_len else "continuations", "context_length_exceeded", message)]


class ScoreRendering:
    def __init__(self, valid: ValidScore, vocabulary: Vocabulary, model: str, fingerprint: str) -> None:
        self._valid, self._vocabulary = valid, vocabulary
        self._head = {"object": "score", "model": model, "system_fingerprint": fingerprint}

    async def whole(self, deltas: AsyncIterable[Item]) -> dict[str, Any]:
        """Raises EngineError."""
        rows: dict[tuple[int, ...], list[Position]] = {tail: [] for tail in self._valid.job.tails}
        cached = 0
        async for _, delta in deltas:
            rows[self._valid.job.tails[delta.choice]] += delta.prompt
            cached = max(cached, delta.cached_tokens) if delta.choice == 0 else cached
        results = [self._result(index, tail, rows[tail.ids]) for index, tail in enumerate(self._valid.tails)]
        return {**self._head, "usage": self._usage(cached), "results": results}

    def _result(self, index: int, tail: Tail, rows: list[Position]) -> dict[str, Any]:
        shown = None if self._valid.logprobs is None else self._shown(tail, rows, self._valid.logprobs)
        scored = [ranked(token_id, row, max(1, self._valid.logprobs or 0)) for token_id, row in zip(tail.ids, rows, strict=True)]
        values = [value for _, _, value in scored]
        return {
            "index": index,
            "sum_logprob": sum(values),
            "is_greedy": all(value >= entries[0][1] for entries, _, value in scored),
            "n_bytes": sum(len(self._vocabulary.token_bytes(token_id)) for token_id in tail.ids),
            "tokens": [self._vocabulary.spell(token_id) for token_id in tail.ids],
            "token_ids": tail.ids,
            "token_logprobs": values,
            "token_ranks": [rank for _, rank, _ in scored],
            "top_logprobs": None if shown is None else [by_text(self._vocabulary, entries) for entries in shown],
            "top_token_ids": shown,
            "boundary": "merged" if tail.merged else "clean",
        }

    def _shown(self, tail: Tail, rows: list[Position], k: int) -> list[list[tuple[int, float]]]:
        return [ranked(token_id, row, k)[0] for token_id, row in zip(tail.ids, rows, strict=True)]

    def _usage(self, cached: int) -> dict[str, Any]:
        prompt_tokens = self._valid.need.prompt
        details = {"cached_tokens": cached}
        return {"prompt_tokens": prompt_tokens, "completion_tokens": 0, "total_tokens": prompt_tokens, "prompt_tokens_details": details}
