"""vLLM's flat logprobs in both of its forms, with two likeliest tokens asked for."""

from dataclasses import dataclass, field

from deployments.positions import positions_of
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


BEST_CHOSEN = Position(-0.2, 1, [7, 8], [-0.2, -2.0])
SECOND_CHOSEN = Position(-1.0, 2, [8, 9], [-0.5, -1.0])
OUTSIDE = Position(-6.0, 40, [8, 9], [-0.5, -1.0])


def test_the_chosen_token_comes_first_and_again_among_the_likeliest() -> None:
    flat = Flat().row((7, -0.2, 1), (7, -0.2, 1), (8, -2.0, 2)).row((9, -1.0, 2), (8, -0.5, 1), (9, -1.0, 2))
    assert positions_of(flat, 2, 2) == [BEST_CHOSEN, SECOND_CHOSEN]


def test_in_merged_outputs_a_chosen_token_among_the_likeliest_stands_once() -> None:
    flat = Flat().row((5, -0.1, 1), (5, -0.1, 1), (6, -3.0, 2)).row((7, -0.2, 1), (8, -2.0, 2)).row((9, -1.0, 2), (8, -0.5, 1))
    assert positions_of(flat, 3, 2) == [Position(-0.1, 1, [5, 6], [-0.1, -3.0]), BEST_CHOSEN, SECOND_CHOSEN]


def test_a_chosen_token_outside_the_likeliest_has_the_same_form_in_both() -> None:
    assert positions_of(Flat().row((3, -6.0, 40), (8, -0.5, 1), (9, -1.0, 2)), 1, 2) == [OUTSIDE]


def test_without_likeliest_tokens_there_is_only_the_chosen_one() -> None:
    assert positions_of(Flat().row((7, -0.2, 1)).row((9, -1.0, 2)), 2, 0) == [Position(-0.2, 1, [], []), Position(-1.0, 2, [], [])]
