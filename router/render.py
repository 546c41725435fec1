"""Deltas as the wire's choices: streamed chunks, or all of them folded into one completion.

Both are made of the same parts (`choice.py`), so a stream's pieces add up to the whole answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Iterator
from typing import Any

from router.choice import Choice, Part
from router.echo import Echo
from router.engine import Delta, Position
from router.proof import prove_choice, prove_usage
from router.tokens import Vocabulary
from router.validation import ValidCompletion

#: Which candidate of its prompt a part belongs to, and the part.
Numbered = tuple[int, Part]


class Rendering:
    """One request's answer: either `chunks` of it, delta by delta, or the `whole`. Deltas come with their prompt's number."""

    def __init__(self, valid: ValidCompletion, vocabulary: Vocabulary, model: str, fingerprint: str) -> None:
        self._valid, self._k = valid, valid.logprobs
        self._choices = [_choices(valid, prompt, vocabulary) for prompt in range(len(valid.jobs))]
        self._rows: list[list[Position]] = [[] for _ in valid.jobs]
        self._cached = [0 for _ in valid.jobs]
        self._made = 0
        self._head = {
            "id": valid.id,
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": fingerprint,
            "user": valid.user,
        }

    def chunks(self, prompt: int, delta: Delta) -> Iterator[dict[str, Any]]:
        """One chunk per token where logprobs were asked, else one per delta; a choice's last says how it finished."""
        return (self._chunk(prompt, number, part) for number, part in self._parts(prompt, delta, singly=self._k is not None))

    def last_chunk(self) -> list[dict[str, Any]]:
        """The usage, if it was asked for."""
        return [{**self._head, "choices": [], "usage": self._usage()}] if self._valid.include_usage else []

    async def whole(self, deltas: AsyncIterable[tuple[int, Delta]]) -> dict[str, Any]:
        """Raises EngineError."""
        folded = [[Folded() for _ in choices] for choices in self._choices]
        async for prompt, delta in deltas:
            for number, part in self._parts(prompt, delta, singly=False):
                folded[prompt][number].add(part)
                if part.prompt_logprobs_start is not None:
                    await asyncio.sleep(0)  # long prompts with many logprobs must not hold up other requests
        chosen = [folded[prompt][number] for prompt in range(len(folded)) for number in self._best(prompt)]
        choices = []
        for index, one in enumerate(chosen):
            choices.append(_choice_of(index, one.part, self._valid.return_token_ids))
            prove_choice(choices[-1], self._k)
            await asyncio.sleep(0)  # other requests go on between choices with many logprobs
        usage = self._usage()
        prove_usage(usage, sum(len(one.part.token_ids) for candidates in folded for one in candidates))
        return {**self._head, "choices": choices, "usage": usage}

    def _parts(self, prompt: int, delta: Delta, singly: bool) -> Iterator[Numbered]:
        self._cached[prompt] = max(self._cached[prompt], delta.cached_tokens)
        self._rows[prompt] += delta.prompt
        if delta.token_ids or delta.finish is not None:
            choice = self._choices[prompt][delta.choice]
            if not choice.opened:
                yield from ((delta.choice, part) for part in choice.open(self._rows[prompt]))
            for part in choice.feed(delta, singly):
                self._made += len(part.token_ids)
                yield delta.choice, part

    def _best(self, prompt: int) -> list[int]:
        """The n candidates that are shown: the best by mean token logprob, or all in order."""
        choices, n = self._choices[prompt], self._valid.n
        if n == len(choices):
            return list(range(n))
        return sorted(range(len(choices)), key=lambda number: -choices[number].mean_logprob)[:n]

    def _chunk(self, prompt: int, number: int, part: Part) -> dict[str, Any]:
        choice = _choice_of(prompt * self._valid.n + number, part, self._valid.return_token_ids)
        if part.prompt_logprobs_start is not None:
            choice["prompt_logprobs_start"] = part.prompt_logprobs_start
        prove_choice(choice, self._k, whole=False)
        return {**self._head, "choices": [choice], "usage": self._usage() if self._valid.continuous_usage else None}

    def _usage(self) -> dict[str, Any]:
        prompt_tokens = sum(len(prompt.ids) for prompt in self._valid.prompts)
        return {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": self._made,
            "total_tokens": prompt_tokens + self._made,
            "prompt_tokens_details": {"cached_tokens": sum(self._cached)},
        }


class Folded:
    """All parts of one choice as one part."""

    def __init__(self) -> None:
        self.part = Part()
        self._texts: list[str] = []

    def add(self, more: Part) -> None:
        part = self.part
        self._texts.append(more.text)
        part.token_ids += more.token_ids
        part.lists = _joined(part.lists, more.lists)
        part.prompt_logprobs = _joined(part.prompt_logprobs, more.prompt_logprobs)
        part.prompt_token_ids = part.prompt_token_ids or more.prompt_token_ids
        part.finish = more.finish
        if more.finish is not None:
            part.text = "".join(self._texts)


def _joined(lists: Any, more: Any) -> Any:
    if lists is None or more is None:
        return more if lists is None else lists
    lists.extend(more)
    return lists


def _choices(valid: ValidCompletion, prompt: int, vocabulary: Vocabulary) -> list[Choice]:
    """All candidates of one prompt; they share its echo."""
    job = valid.jobs[prompt]
    echo = Echo.of(valid.prompts[prompt], vocabulary, job.sampling.skip_special_tokens) if valid.echo else None
    return [Choice(valid, prompt, echo, vocabulary) for _ in job.seeds]


def _choice_of(index: int, part: Part, with_ids: bool) -> dict[str, Any]:
    return {
        "index": index,
        "text": part.text,
        "finish_reason": None if part.finish is None else str(part.finish.reason),
        "stop_reason": None if part.finish is None else part.finish.stop_reason,
        "token_ids": part.token_ids if with_ids else None,
        "prompt_token_ids": part.prompt_token_ids,
        "prompt_logprobs": part.prompt_logprobs,
        "logprobs": None if part.lists is None else part.lists.rendered(),
    }
