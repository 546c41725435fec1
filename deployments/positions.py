"""Logprobs as vLLM 0.32 hands them over (`vllm.logprobs.FlatLogprobs`), as Positions of ours."""

from __future__ import annotations

from operator import itemgetter
from typing import Protocol

from router.engine import Position


class FlatLogprobs(Protocol):
    """Parallel lists of entries; position i has those from `start_indices[i]` to `end_indices[i]`."""

    start_indices: list[int]
    end_indices: list[int]
    token_ids: list[int]
    logprobs: list[float]
    ranks: list[int]


def positions_of(flat: FlatLogprobs, count: int, k: int) -> list[Position]:
    """Of the first `count` tokens, for a request that asked for the k likeliest."""
    return [position_of(flat, flat.start_indices[index], flat.end_indices[index], k) for index in range(count)]


def position_of(flat: FlatLogprobs, start: int, end: int, k: int) -> Position:
    """The chosen token comes first, then the k likeliest, best first.

    Where vLLM merged outputs that waited for us (`FlatLogprobs.extend`) a chosen token among the k stands
    only once, with its place among them as its rank.
    """
    entries = list(zip(flat.token_ids[start:end], flat.logprobs[start:end], flat.ranks[start:end], strict=True))
    _, logprob, rank = entries[0]
    likeliest = entries[1:] if len(entries) == k + 1 else sorted(entries, key=itemgetter(2))
    return Position(logprob, int(rank), [int(entry[0]) for entry in likeliest], [entry[1] for entry in likeliest])
