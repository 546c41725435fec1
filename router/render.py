"""Deltas as the wire's choices: streamed chunks, or all of them folded into one completion.

Both come from the same `Text`, so a stream's pieces add up to the whole answer.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any

from router.engine import Delta, Finish, Position
from router.logprobs import LogprobLists
from router.tokens import StopScanner, TextStream, Vocabulary
from router.validation import ValidCompletion


@dataclass(frozen=True, slots=True)
class Piece:
    """One token and the text that it settles. `offset` is where its first character stands if nothing is cut.

    `token_id` is None where a choice ends without a further token.
    """

    token_id: int | None
    text: str
    offset: int
    position: Position | None = None


class Text:
    """One choice's text as its tokens come in: unfinished characters and possible stop strings wait."""

    def __init__(self, vocabulary: Vocabulary, stop: tuple[str, ...]) -> None:
        self._stream, self._scanner = TextStream(vocabulary), StopScanner(stop)

    def feed(self, delta: Delta) -> list[Piece]:
        """The delta's tokens; the last piece of a finished choice has what no stop string took."""
        pieces = []
        for index, token_id in enumerate(delta.token_ids):
            text, offset = self._stream.feed(token_id)
            pieces.append(Piece(token_id, self._scanner.feed(text), offset, delta.positions[index] if delta.positions else None))
        return pieces if delta.finish is None else self._finished(pieces)

    def _finished(self, pieces: list[Piece]) -> list[Piece]:
        rest = self._scanner.flush()
        if not pieces:
            return [Piece(None, rest, self._stream.length)]
        last = pieces[-1]
        return [*pieces[:-1], Piece(last.token_id, last.text + rest, last.offset, last.position)]


class Rendering:
    """One request's answer: either `chunk` it delta by delta, or have the `whole`."""

    def __init__(self, valid: ValidCompletion, vocabulary: Vocabulary, model: str, fingerprint: str) -> None:
        self._valid, self._vocabulary = valid, vocabulary
        sampling, choices = valid.job.sampling, range(len(valid.job.seeds))
        self._logprobs = sampling.logprobs is not None
        self._texts = [Text(vocabulary, sampling.stop) for _ in choices]
        self._lengths = [0 for _ in choices]
        self._made = self._cached = 0
        self._head = {
            "id": valid.job.id,
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": fingerprint,
            "user": valid.user,
        }

    def chunks(self, delta: Delta) -> list[dict[str, Any]]:
        """One chunk per token where logprobs were asked, else one per delta; a choice's last says how it finished."""
        pieces = self._take(delta)
        groups = [[piece] for piece in pieces] if self._logprobs else [pieces] if pieces else []
        return [self._chunk(delta, group, group is groups[-1]) for group in groups]

    def last_chunk(self) -> list[dict[str, Any]]:
        """The usage, if it was asked for."""
        return [{**self._head, "choices": [], "usage": self._usage()}] if self._valid.include_usage else []

    async def whole(self, deltas: AsyncIterable[Delta]) -> dict[str, Any]:
        """Raises EngineError."""
        texts: list[list[str]] = [[] for _ in self._texts]
        lists = [LogprobLists(self._vocabulary) for _ in self._texts]
        finishes: list[Finish | None] = [None for _ in self._texts]
        async for delta in deltas:
            pieces = self._take(delta)
            self._made += len(delta.token_ids)
            texts[delta.choice] += [piece.text for piece in pieces]
            finishes[delta.choice] = delta.finish
            _add(lists[delta.choice], pieces)
        joined = ["".join(parts) for parts in texts]
        rendered = [lists[i].rendered(len(text)) if self._logprobs else None for i, text in enumerate(joined)]
        choices = [_choice(i, text, rendered[i], finishes[i]) for i, text in enumerate(joined)]
        return {**self._head, "choices": choices, "usage": self._usage()}

    def _take(self, delta: Delta) -> list[Piece]:
        self._cached = max(self._cached, delta.cached_tokens)
        return self._texts[delta.choice].feed(delta)

    def _chunk(self, delta: Delta, pieces: list[Piece], last: bool) -> dict[str, Any]:
        text = "".join(piece.text for piece in pieces)
        tokens = [piece for piece in pieces if piece.token_id is not None]
        self._made += len(tokens)
        self._lengths[delta.choice] += len(text)
        lists = LogprobLists(self._vocabulary)
        _add(lists, pieces)
        # Offsets never pass the text sent so far: where a stop string may still cut, they wait at its end.
        rendered = lists.rendered(self._lengths[delta.choice]) if self._logprobs and tokens else None
        choice = _choice(delta.choice, text, rendered, delta.finish if last else None)
        return {**self._head, "choices": [choice], "usage": self._usage() if self._valid.continuous_usage else None}

    def _usage(self) -> dict[str, Any]:
        prompt_tokens = len(self._valid.job.prompt_ids)
        return {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": self._made,
            "total_tokens": prompt_tokens + self._made,
            "prompt_tokens_details": {"cached_tokens": self._cached},
        }


def _add(lists: LogprobLists, pieces: list[Piece]) -> None:
    for piece in pieces:
        if piece.token_id is not None and piece.position is not None:
            lists.add(piece.token_id, piece.offset, piece.position)


def _choice(index: int, text: str, logprobs: dict[str, Any] | None, finish: Finish | None) -> dict[str, Any]:
    return {
        "index": index,
        "text": text,
        "finish_reason": None if finish is None else str(finish.reason),
        "stop_reason": None if finish is None else finish.stop_reason,
        "token_ids": None,
        "prompt_token_ids": None,
        "prompt_logprobs": None,
        "logprobs": logprobs,
    }
