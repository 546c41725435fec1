"""Token truth, point by point."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from router.engine import Position
from router.logprobs import LogprobLists, by_text, prompt_row, ranked
from router.tokens import Vocabulary
from tests.router.test_tokens import byte_ids

LOW = -9999.0
RANKED = [
    # what, token, position, k, entries, rank, value
    ("inside the top k its place there is its rank", 9, Position(-2.0, 4, [8, 9, 7], [-1.0, -2.0, -3.0]), 3, [8, 9, 7], 2, -2.0),
    ("the first of equals by value has rank 1", 8, Position(-1.0, 2, [8, 9], [-1.0, -1.0]), 2, [8, 9], 1, -1.0),
    ("outside it comes last, with the engine's count", 5, Position(-5.0, 17, [8, 9], [-1.0, -2.0]), 2, [8, 9, 5], 17, -5.0),
    ("for k = 0 there is the chosen one", 5, Position(-5.0, 17, [], []), 0, [5], 17, -5.0),
    ("more than k likeliest are cut to k", 7, Position(-3.0, 3, [8, 9, 7], [-1.0, -2.0, -3.0]), 2, [8, 9, 7], 3, -3.0),
    ("minus infinity is a number", 5, Position(-math.inf, 99, [8], [-1.0]), 1, [8, 5], 99, LOW),
    ("so is not a number", 5, Position(math.nan, 99, [8], [math.nan]), 1, [8, 5], 99, LOW),
    ("and everything below", 5, Position(-10_000.0, 99, [8], [-1.0]), 1, [8, 5], 99, LOW),
]


@pytest.mark.parametrize(("token", "position", "k", "ids", "rank", "value"), [row[1:] for row in RANKED], ids=[row[0] for row in RANKED])
def test_a_token_among_its_likeliest(token: int, position: Position, k: int, ids: list[int], rank: int, value: float) -> None:
    entries, found_rank, found_value = ranked(token, position, k)
    assert [one for one, _ in entries] == ids
    assert (found_rank, found_value) == (rank, value)
    assert dict(entries)[token] == value


def test_the_chosen_value_and_its_entry_are_one_double() -> None:
    """Also where the engine's own two differ in the last bits."""
    entries, _, value = ranked(9, Position(-2.0000001, 4, [8, 9], [-1.0, -2.0]), 2)
    assert (entries[1], value) == ((9, -2.0), -2.0)


def test_tokens_that_are_spelt_alike_share_a_key_with_the_larger_value(vocabulary: Vocabulary) -> None:
    unknown = vocabulary.size
    assert by_text(vocabulary, [(unknown, -1.0), (unknown + 1, -5.0), (40, -2.0)]) == {"": -1.0, vocabulary.spell(40): -2.0}


def test_bytes_that_are_no_text_are_spelt_and_have_their_key(vocabulary: Vocabulary) -> None:
    half, other = byte_ids(vocabulary, b"\xe2\x96")
    shown = listed(vocabulary, [(half, 0, Position(-5.0, 9, [other], [-1.0]))], k=1)
    assert shown["tokens"] == ["bytes:\\xe2"]
    assert shown["top_logprobs"] == [{"bytes:\\x96": -1.0, "bytes:\\xe2": -5.0}]


def listed(vocabulary: Vocabulary, rows: list[tuple[int, int, Position | None]], k: int, requested: tuple[int, ...] = ()) -> dict[str, Any]:
    lists = LogprobLists(vocabulary, k, requested)
    for row in rows:
        lists.add(*row)
    return lists.rendered()


def test_only_the_first_token_of_a_prompt_has_no_value(vocabulary: Vocabulary) -> None:
    shown = listed(vocabulary, [(0, 0, None), (40, 0, Position(-1.0, 1, [40], [-1.0]))], k=1)
    assert shown["token_ids"] == [0, 40]
    assert shown["tokens"][0] == "<|begin_of_text|>"
    for name in ("token_logprobs", "top_logprobs", "token_ranks", "top_token_ids"):
        assert shown[name][0] is None
        assert shown[name][1] is not None


def test_all_lists_have_one_length(vocabulary: Vocabulary) -> None:
    shown = listed(vocabulary, [(0, 0, None), (40, 0, Position(-1.0, 1, [], [], [-7.0])), (41, 1, Position(-2.0, 2, [], []))], 0, (9,))
    assert {len(values) for values in shown.values()} == {3}


def test_requested_ids_come_in_the_order_asked(vocabulary: Vocabulary) -> None:
    shown = listed(vocabulary, [(40, 0, Position(-1.0, 1, [], [], [-7.0, -math.inf]))], 0, (9, 3))
    assert shown["requested"] == [[(9, -7.0), (3, LOW)]]
    assert listed(vocabulary, [(40, 0, Position(-1.0, 1, [], []))], 0)["requested"] is None


def test_lists_can_be_joined(vocabulary: Vocabulary) -> None:
    rows: list[tuple[int, int, Position | None]] = [(0, 0, None), (40, 0, Position(-1.0, 1, [41], [-0.5]))]
    first, second = LogprobLists(vocabulary, 1), LogprobLists(vocabulary, 1)
    first.add(*rows[0])
    second.add(*rows[1])
    first.extend(second)
    assert first.rendered() == listed(vocabulary, rows, k=1)


def test_in_prompt_logprobs_the_real_token_is_the_first_key(vocabulary: Vocabulary) -> None:
    row = prompt_row(vocabulary, 7, Position(-3.0, 3, [8, 9, 7], [-1.0, -2.0, -3.0]), 3)
    assert list(row) == ["7", "8", "9"]
    assert row["7"] == {"logprob": -3.0, "rank": 3, "decoded_token": vocabulary.spell(7)}
    assert [entry["rank"] for entry in row.values()] == [3, 1, 2]


def test_it_is_first_also_outside_the_likeliest_and_for_k_0(vocabulary: Vocabulary) -> None:
    position = Position(-5.0, 17, [8], [-1.0])
    assert [(key, entry["rank"]) for key, entry in prompt_row(vocabulary, 7, position, 1).items()] == [("7", 17), ("8", 1)]
    assert list(prompt_row(vocabulary, 7, position, 0)) == ["7"]


def test_everything_is_json_without_nan(vocabulary: Vocabulary) -> None:
    shown = listed(vocabulary, [(40, 0, Position(math.nan, 1, [41], [-math.inf], [math.nan]))], 1, (3,))
    assert "-9999.0" in json.dumps(shown, allow_nan=False)
