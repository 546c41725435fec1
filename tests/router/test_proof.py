from __future__ import annotations

from typing import Any

import pytest

from router.engine import EngineDied
from router.proof import prove_choice, prove_usage

RIGHT: dict[str, Any] = {
    "tokens": ["a", "b"],
    "token_logprobs": [-1.0, -2.0],
    "top_logprobs": [{"a": -1.0}, {"c": -0.5, "b": -2.0}],
    "text_offset": [0, 1],
    "token_ids": [7, 8],
    "token_ranks": [1, 2],
    "top_token_ids": [[(7, -1.0)], [(9, -0.5), (8, -2.0)]],
    "requested": None,
}
WRONG = {
    "a list that is shorter": {"token_ranks": [1]},
    "too few likeliest": {"top_token_ids": [[], [(8, -2.0)]]},
    "too many likeliest": {"top_token_ids": [[(7, -1.0), (3, -2.0)], [(9, -0.5), (8, -2.0)]]},
    "another value among the likeliest": {"top_token_ids": [[(7, -1.0)], [(9, -0.5), (8, -2.1)]]},
    "a spelling that is missing": {"top_logprobs": [{"a": -1.0}, {"c": -0.5}]},
    "a smaller value at the spelling": {"top_logprobs": [{"a": -1.5}, {"c": -0.5, "b": -2.0}]},
    "an offset that goes back": {"text_offset": [1, 0]},
    "an offset beyond the text": {"text_offset": [0, 3]},
}


def choice(**changes: Any) -> dict[str, Any]:
    return {"text": "ab", "finish_reason": "length", "logprobs": {**RIGHT, **changes}}


def test_what_is_right_passes() -> None:
    prove_choice(choice(), k=1)
    prove_choice({"text": "", "finish_reason": "stop", "logprobs": None}, k=None)


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_what_contradicts_itself_does_not(changes: dict[str, Any]) -> None:
    with pytest.raises(EngineDied):
        prove_choice(choice(**changes), k=1)


def test_a_larger_value_of_another_token_may_stand_at_the_spelling() -> None:
    prove_choice(choice(top_logprobs=[{"a": -0.5}, {"c": -0.5, "b": -2.0}]), k=1)


def test_the_first_token_of_a_prompt_has_no_value() -> None:
    first: dict[str, Any] = {name: [None, values[1]] if values else None for name, values in RIGHT.items()}
    prove_choice(choice(**{**first, "tokens": ["a", "b"], "text_offset": [0, 1], "token_ids": [7, 8]}), k=1)


@pytest.mark.parametrize("broken", [{"finish_reason": None}, {"logprobs": None}])
def test_a_whole_choice_ends_and_has_what_was_asked(broken: dict[str, Any]) -> None:
    with pytest.raises(EngineDied):
        prove_choice({**choice(), **broken}, k=1)
    prove_choice({**choice(), **broken}, k=1, whole=False)


def test_usage_counts_the_tokens() -> None:
    prove_usage({"completion_tokens": 3}, 3)
    with pytest.raises(EngineDied):
        prove_usage({"completion_tokens": 3}, 4)
