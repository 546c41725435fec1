"""The `logprobs` object of a choice: parallel lists over its tokens, raw log-softmax in nats."""

from __future__ import annotations

from typing import Any

from router.engine import Position
from router.tokens import Vocabulary

#: Stands for minus infinity, which JSON does not have.
LOWEST = -9999.0


class LogprobLists:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._offsets: list[int] = []
        self._token_ids: list[int] = []
        self._logprobs: list[float] = []
        self._ranks: list[int] = []
        self._top: list[list[tuple[int, float]]] = []

    def add(self, token_id: int, offset: int, position: Position) -> None:
        entries, chosen = entries_of(token_id, position)
        self._offsets.append(offset)
        self._token_ids.append(token_id)
        self._logprobs.append(entries[chosen][1])
        self._ranks.append(chosen + 1 if chosen < len(position.top_ids) else position.rank)
        self._top.append(entries)

    def rendered(self, length: int) -> dict[str, Any]:
        """For a text of that length: tokens whose text was cut stand at its end, without width."""
        return {
            "tokens": [self._vocabulary.spell(token_id) for token_id in self._token_ids],
            "token_logprobs": self._logprobs,
            "top_logprobs": [by_text(self._vocabulary, entries) for entries in self._top],
            "text_offset": [min(offset, length) for offset in self._offsets],
            "token_ids": self._token_ids,
            "token_ranks": self._ranks,
            "top_token_ids": self._top,
            "requested": None,
        }


def entries_of(token_id: int, position: Position) -> tuple[list[tuple[int, float]], int]:
    """(id, logprob) of the likeliest tokens, best first, and last the chosen one if it is none of them; its index."""
    entries = [(top_id, finite(value)) for top_id, value in zip(position.top_ids, position.top_logprobs, strict=True)]
    if token_id in position.top_ids:
        return entries, position.top_ids.index(token_id)
    return [*entries, (token_id, finite(position.logprob))], len(entries)


def by_text(vocabulary: Vocabulary, entries: list[tuple[int, float]]) -> dict[str, float]:
    """Tokens that are spelt alike share a key, with the larger value."""
    result: dict[str, float] = {}
    for token_id, value in entries:
        spelling = vocabulary.spell(token_id)
        result[spelling] = max(value, result.get(spelling, value))
    return result


def finite(value: float) -> float:
    """Also for NaN, which is not above anything."""
    return value if value > LOWEST else LOWEST
