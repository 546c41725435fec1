"""Token truth: the `logprobs` lists and `prompt_logprobs` rows, from token ids, offsets and Positions. Pure.

Per token: raw log-softmax in nats; the chosen token's value and its entry among the likeliest are one
double; minus infinity is -9999.0; k entries by id, or k + 1 where the token is none of the k likeliest; spellings may
coincide, and then the larger value stays; the rank is the place among the k likeliest, else the engine's count of
logits not smaller. Only position 0 of a prompt has no value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.engine import Position
from router.tokens import Vocabulary

#: Stands for minus infinity, which JSON does not have.
LOWEST = -9999.0

Entry = tuple[int, float]


class LogprobLists:
    """Parallel lists over some tokens of one choice. `k` likeliest tokens are shown; `requested` ids as well, if there are any."""

    def __init__(self, vocabulary: Vocabulary, k: int, requested: tuple[int, ...] = ()) -> None:
        self._vocabulary, self._k, self._ids = vocabulary, k, requested
        self._offsets: list[int] = []
        self._token_ids: list[int] = []
        self._logprobs: list[float | None] = []
        self._ranks: list[int | None] = []
        self._top: list[list[Entry] | None] = []
        self._requested: list[list[Entry] | None] = []

    def add(self, token_id: int, offset: int, position: Position | None) -> None:
        """`position` is None only for the first token of a prompt; one without requested values, for the other prompt tokens."""
        self._offsets.append(offset)
        self._token_ids.append(token_id)
        entries, rank, value = (None, None, None) if position is None else ranked(token_id, position, self._k)
        self._top.append(entries)
        self._ranks.append(rank)
        self._logprobs.append(value)
        given = position is not None and position.requested
        self._requested.append([(one, finite(value)) for one, value in zip(self._ids, given, strict=True)] if given else None)

    def extend(self, more: LogprobLists) -> None:
        for name in ("_offsets", "_token_ids", "_logprobs", "_ranks", "_top", "_requested"):
            getattr(self, name).extend(getattr(more, name))

    def rendered(self) -> dict[str, Any]:
        return {
            "tokens": [self._vocabulary.spell(token_id) for token_id in self._token_ids],
            "token_logprobs": self._logprobs,
            "top_logprobs": [None if entries is None else by_text(self._vocabulary, entries) for entries in self._top],
            "text_offset": self._offsets,
            "token_ids": self._token_ids,
            "token_ranks": self._ranks,
            "top_token_ids": self._top,
            "requested": self._requested if self._ids else None,
        }


def ranked(token_id: int, position: Position, k: int) -> tuple[list[Entry], int, float]:
    """(id, logprob) of the k likeliest, best first, and last the token itself if it is none of them; its rank; its logprob."""
    top = position.top_ids[:k]
    entries = [(one, finite(value)) for one, value in zip(top, position.top_logprobs, strict=False)]
    if token_id in top:
        place = top.index(token_id)
        return entries, place + 1, entries[place][1]
    own = finite(position.logprob)
    return [*entries, (token_id, own)], position.rank, own


def prompt_row(vocabulary: Vocabulary, token_id: int, position: Position, k: int) -> dict[str, dict[str, Any]]:
    """One entry of `prompt_logprobs`: the real token first, then the k likeliest, best first."""
    entries, rank, own = ranked(token_id, position, k)
    ordered = [(token_id, own, rank), *((one, value, place) for place, (one, value) in enumerate(entries, 1) if one != token_id)]
    return {str(one): {"logprob": value, "rank": place, "decoded_token": vocabulary.spell(one)} for one, value, place in ordered}


def by_text(vocabulary: Vocabulary, entries: Iterable[Entry]) -> dict[str, float]:
    """Tokens that are spelt alike share a key, with the larger value."""
    result: dict[str, float] = {}
    for token_id, value in entries:
        spelling = vocabulary.spell(token_id)
        result[spelling] = max(value, result.get(spelling, value))
    return result


def finite(value: float) -> float:
    """Also for NaN, which is not above anything."""
    return value if value > LOWEST else LOWEST
