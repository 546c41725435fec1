"""vLLM's logprobs as ours: of generated tokens, flat; of prompts, as tensors."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy

from deployments.positions import positions_of, prompt_positions
from router.engine import Position


@dataclass
class Flat:
    """Built row by row, as vLLM does; a row is its entries `(token id, logprob, rank)`."""

    start_indices: list[int] = field(default_factory=list)
    end_indices: list[int] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)

    def row(self, *entries: tuple[int, float, int]) -> "Flat":
        self.start_indices.append(len(self.token_ids))
        for token_id, logprob, rank in entries:
            self.token_ids.append(token_id)
            self.logprobs.append(logprob)
            self.ranks.append(rank)
        self.end_indices.append(len(self.token_ids))
        return self


class Tensors(NamedTuple):
    logprob_token_ids: numpy.ndarray
    logprobs: numpy.ndarray
    selected_token_ranks: numpy.ndarray


#: Of the tokens 1 to 3 of a prompt of four, with k = 1.
TENSORS = Tensors(
    numpy.array([[7, 8], [9, 9], [5, 6]]), numpy.array([[-2.0, -1.0], [-0.5, -0.5], [-4.0, -0.25]]), numpy.array([2, 1, 31])
)
ROWS = [Position(-2.0, 2, [8], [-1.0]), Position(-0.5, 1, [9], [-0.5]), Position(-4.0, 31, [6], [-0.25])]


def test_the_chosen_token_comes_first_and_may_come_again_among_the_likeliest() -> None:
    flat = Flat().row((7, -0.2, 1), (7, -0.2, 1), (8, -2.0, 2)).row((9, -1.0, 2), (8, -0.5, 1), (9, -1.0, 2))
    assert positions_of(flat, 2) == [Position(-0.2, 1, [7, 8], [-0.2, -2.0]), Position(-1.0, 2, [8, 9], [-0.5, -1.0])]


def test_a_chosen_token_outside_the_likeliest_keeps_its_own_rank() -> None:
    assert positions_of(Flat().row((3, -6.0, 40), (8, -0.5, 1), (9, -1.0, 2)), 1) == [Position(-6.0, 40, [8, 9], [-0.5, -1.0])]


def test_without_likeliest_tokens_there_is_only_the_chosen_one() -> None:
    assert positions_of(Flat().row((7, -0.2, 1)).row((9, -1.0, 2)), 2) == [Position(-0.2, 1, [], []), Position(-1.0, 2, [], [])]


def test_requested_tokens_keep_their_order_and_their_repeats() -> None:
    flat = Flat().row((7, -0.2, 1), (9, -3.0, 1), (7, -0.2, 2), (9, -3.0, 3))
    assert positions_of(flat, 1, requested=True) == [Position(-0.2, 1, [], [], [-3.0, -0.2, -3.0])]


def test_a_prompts_rows_are_found_from_its_end() -> None:
    assert prompt_positions(TENSORS, 4, range(1, 4)) == ROWS
    assert prompt_positions(TENSORS, 4, range(2, 3)) == ROWS[1:2]


def test_rows_that_the_cache_covered_may_be_missing() -> None:
    tail = Tensors(*(one[1:] for one in TENSORS))
    assert prompt_positions(tail, 4, range(2, 4)) == ROWS[1:]
