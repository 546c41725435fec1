"""One choice of an answer as its tokens come in: text, offsets and logprobs, in parts that add up to the whole.

A part goes out as one chunk of a stream, or is folded with the others into the whole answer (`render.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from router.echo import Echo
from router.engine import MOST_ROWS, Delta, EngineDied, Finish, FinishReason, Position
from router.logprobs import LogprobLists, finite, prompt_row
from router.text import Continuation
from router.tokens import Vocabulary
from router.validation import ValidCompletion


@dataclass(slots=True)
class Part:
    """Some of one choice, in order. `prompt_logprobs_start`: the first prompt position of a part that has any."""

    text: str = ""
    token_ids: list[int] = field(default_factory=list)
    lists: LogprobLists | None = None
    prompt_logprobs: list[dict[str, Any] | None] | None = None
    prompt_logprobs_start: int | None = None
    prompt_token_ids: tuple[int, ...] | None = None
    finish: Finish | None = None


@dataclass(slots=True)
class Piece:
    """One token, the text that became certain with it, and where its own first character stands."""

    token_id: int
    text: str
    offset: int
    position: Position | None = None


class Choice:
    """`echo` is None where the answer leaves the prompt out."""

    def __init__(self, valid: ValidCompletion, prompt: int, echo: Echo | None, vocabulary: Vocabulary) -> None:
        self._valid, self._echo, self._vocabulary = valid, echo, vocabulary
        self._ids, self._sampling = valid.prompts[prompt].ids, valid.jobs[prompt].sampling
        self._text = Continuation(vocabulary, self._ids, self._sampling, None if echo is None else len(echo.text))
        self._waiting: deque[Piece] = deque()
        self._certain = 0 if echo is None else len(echo.text)
        self._parts = self._tokens = 0
        self._first_row = valid.jobs[prompt].first_row
        self._plain = self._sampling.logprobs is None and not valid.return_token_ids
        self._logprob = 0.0
        self.opened = False

    @property
    def mean_logprob(self) -> float:
        """By which `best_of` chooses; 0 for a choice without tokens."""
        return self._logprob / max(self._tokens, 1)

    def open(self, rows: list[Position]) -> Iterator[Part]:
        """What stands before the first token: the echoed text, and the prompt's logprobs from `rows` (position 1 on)."""
        self.opened = True
        text = "" if self._echo is None else self._echo.text
        if self._sampling.prompt_logprobs is not None:
            starts = range(0, len(self._ids), MOST_ROWS)
            yield from (self._first(self._rows(start, rows, text if start == 0 else "")) for start in starts)
        elif text:
            yield self._first(Part(text))

    def feed(self, delta: Delta, singly: bool) -> list[Part]:
        """The delta's tokens; with `singly` one part for each, as far as nothing can change their offsets any more."""
        if self._plain and delta.finish is None:
            return [self._first(self._plainly(delta.token_ids))]
        self._take(delta)
        rest = "" if delta.finish is None else self._end(delta.finish)
        pieces = self._settled(delta.finish is not None)
        groups = [[piece] for piece in pieces] if singly else [pieces] if pieces else []
        if delta.finish is not None and not groups:
            groups = [[]]
        parts = [self._first(self._part(group)) for group in groups]
        if delta.finish is not None:
            parts[-1].finish = delta.finish
            parts[-1].text += rest
        return parts

    def _plainly(self, ids: list[int]) -> Part:
        """The short way of nearly all tokens: where nobody asks for a token's own place, its text need not wait for it."""
        text = "".join([self._text.feed(token_id)[0] for token_id in ids])
        self._certain += len(text)
        self._tokens += len(ids)
        return Part(text, ids)

    def _take(self, delta: Delta) -> None:
        last = len(delta.token_ids) - 1
        for index, token_id in enumerate(delta.token_ids):
            silent = index == last and self._is_silent(delta.finish)
            text, offset = ("", self._text.length) if silent else self._text.feed(token_id)
            position = delta.positions[index] if delta.positions else None
            self._certain += len(text)
            self._waiting.append(Piece(token_id, text, offset, position))
            self._tokens += 1
            self._logprob += 0.0 if position is None else finite(position.logprob)

    def _is_silent(self, finish: Finish | None) -> bool:
        """A stop token, EOS too, ends the text before it unless it is to be included."""
        by_token = finish is not None and finish.reason == FinishReason.STOP and not isinstance(finish.stop_reason, str)
        return by_token and not self._valid.include_stop

    def _end(self, finish: Finish) -> str:
        """Adds what was held back to the last token's text; returns it where no token is left to carry it."""
        found = self._text.found
        if found != (finish.stop_reason if isinstance(finish.stop_reason, str) else None):
            raise EngineDied(f"ended for {finish.stop_reason!r} where the text has {found!r}")
        rest = self._text.flush() if found is None else found if self._valid.include_stop else ""
        self._certain += len(rest)
        if self._waiting:
            self._waiting[-1].text += rest
        return "" if self._waiting else rest

    def _settled(self, ended: bool) -> list[Piece]:
        """The pieces whose place in the text is certain: a stop string may still take what stands further on."""
        pieces = []
        while self._waiting and (ended or self._waiting[0].offset <= self._certain):
            piece = self._waiting.popleft()
            piece.offset = min(piece.offset, self._certain)
            pieces.append(piece)
        return pieces

    def _part(self, pieces: list[Piece]) -> Part:
        part = Part("".join(piece.text for piece in pieces), [piece.token_id for piece in pieces])
        if self._valid.logprobs is not None:
            part.lists = self._lists()
            for piece in pieces:
                part.lists.add(piece.token_id, piece.offset, piece.position)
        return part

    def _rows(self, start: int, rows: list[Position], text: str) -> Part:
        """The prompt's logprobs from position `start` on."""
        shown = range(start, min(start + MOST_ROWS, len(self._ids)))
        first = self._first_row
        positions = {index: rows[index - first] if index >= first else None for index in shown}
        part = Part(text, prompt_logprobs_start=start)
        if self._valid.prompt_logprobs is not None:
            part.prompt_logprobs = [self._row(index, position) for index, position in positions.items()]
        if self._echo is not None and self._valid.logprobs is not None:
            part.lists = self._lists()
            for index, position in positions.items():
                part.lists.add(self._ids[index], self._echo.offsets[index], position)
        return part

    def _row(self, index: int, position: Position | None) -> dict[str, Any] | None:
        if position is None or index < self._valid.prompt_logprobs_start:
            return None
        return prompt_row(self._vocabulary, self._ids[index], position, self._valid.prompt_logprobs or 0)

    def _lists(self) -> LogprobLists:
        return LogprobLists(self._vocabulary, self._valid.logprobs or 0, self._sampling.logprob_token_ids)

    def _first(self, part: Part) -> Part:
        """The first part of a choice says what its prompt was, where that was asked."""
        if self._parts == 0 and self._valid.return_token_ids:
            part.prompt_token_ids = self._ids
        self._parts += 1
        return part
