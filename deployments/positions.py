"""Logprobs as vLLM 0.32 hands them over, as Positions of ours.

Generated tokens come as `vllm.logprobs.FlatLogprobs`, prompts as the engine's own tensors (`vllm_patches`).
In both the token itself is the first entry of its position and may stand among the others again.
"""

from __future__ import annotations

from typing import Any, Protocol

from router.engine import Position


class FlatLogprobs(Protocol):
    """Parallel lists of entries; position i has those from `start_indices[i]` to `end_indices[i]`."""

    start_indices: list[int]
    end_indices: list[int]
    token_ids: list[int]
    logprobs: list[float]
    ranks: list[int]


class Rows(Protocol):
    """A tensor, as far as it is used here."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice) -> Rows: ...
    def tolist(self) -> list[Any]: ...


class PromptLogprobs(Protocol):
    """`vllm.v1.outputs.LogprobsTensors`: ids and values have a row per prompt token, ranks one entry.

    The last row is the last prompt token's; how many there are before it depends on the runner.
    """

    @property
    def logprob_token_ids(self) -> Rows: ...
    @property
    def logprobs(self) -> Rows: ...
    @property
    def selected_token_ranks(self) -> Rows: ...


def positions_of(flat: FlatLogprobs, count: int, requested: bool = False) -> list[Position]:
    """Of the first `count` tokens, each with the likeliest or with the requested tokens."""
    return [_position_of(flat, flat.start_indices[index], flat.end_indices[index], requested) for index in range(count)]


def _position_of(flat: FlatLogprobs, start: int, end: int, requested: bool) -> Position:
    logprob, rank, others = flat.logprobs[start], int(flat.ranks[start]), flat.logprobs[start + 1 : end]
    if requested:
        return Position(logprob, rank, [], [], others)
    return Position(logprob, rank, [int(token) for token in flat.token_ids[start + 1 : end]], others)


def prompt_positions(prompt: PromptLogprobs, length: int, rows: range) -> list[Position]:
    """Of the tokens in `rows` of a prompt of that length."""
    shift = len(prompt.logprobs) - length
    chosen = slice(rows.start + shift, rows.stop + shift)
    ids, values = prompt.logprob_token_ids[chosen].tolist(), prompt.logprobs[chosen].tolist()
    ranks = prompt.selected_token_ranks[chosen].tolist()
    return [Position(own[0], rank, ids_[1:], own[1:]) for ids_, own, rank in zip(ids, values, ranks, strict=True)]
