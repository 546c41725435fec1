from __future__ import annotations

from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from router.catalogue import ModelSpec
from router.fields import (
    INT32,
    MOST_LOGPROBS,
    Continuations,
    LogitBias,
    Prompt,
    Prompts,
    StopStrings,
    Temperature,
    TopK,
    are_ids,
    counted,
)
from tests.conftest import PICO

STRICT = ConfigDict(strict=True)


def taken(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind, config=STRICT).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value", "becomes"),
    [
        (Prompts, "a", ["a"]),
        (Prompts, ["a", "b"], ["a", "b"]),
        (Prompts, [5, 6], [[5, 6]]),
        (Prompts, [[5], [6]], [[5], [6]]),
        (Prompt, "a", "a"),
        (Prompt, [5, 6], [5, 6]),
        (Continuations, [[5], [6]], [[5], [6]]),
        (StopStrings, "a", ["a"]),
        (StopStrings, ["a", "a"], ["a", "a"]),
        (LogitBias, {"0": 1, "10": -0.5}, {0: 1.0, 10: -0.5}),
        (Temperature, 2, 2.0),
        (TopK, -1, -1),
    ],
)
def test_one_shape_comes_out_of_every_spelling(kind: Any, value: Any, becomes: Any) -> None:
    assert taken(kind, value) == becomes


@pytest.mark.parametrize("value", [["a", ""], [], [[]], [[5], []], ["a", [5]], "a", [5], ["a"] * 129, [True]], ids=str)
def test_continuations_are_several_texts_or_several_lists_of_ids(value: Any) -> None:
    with pytest.raises(ValidationError):
        taken(Continuations, value)


@pytest.mark.parametrize("value", [["a"], [], [[5]], [-1], [INT32], [True], [5.0], [None], 5, None, {}], ids=str)
def test_one_prompt_is_a_text_or_a_list_of_ids(value: Any) -> None:
    with pytest.raises(ValidationError):
        taken(Prompt, value)


@pytest.mark.parametrize(
    ("value", "ids"),
    [([0], True), ([INT32 - 1] * 9, True), ([], False), ([INT32], False), ([-1], False), ([True], False), ([1, "1"], False), ("1", False)],
    ids=str,
)
def test_ids_are_integers_of_31_bits_and_at_least_one(value: Any, ids: bool) -> None:
    assert are_ids(value) is ids


def test_two_spellings_of_one_id_are_never_both_taken() -> None:
    for twin in ("05", "+5", "5 ", "5\n", "٥", "5.0", "0x5", "1_0", ""):
        with pytest.raises(ValidationError):
            taken(LogitBias, {"5": 1, twin: 2})


def test_a_list_of_millions_is_counted_before_its_entries_are_read() -> None:
    with pytest.raises(ValidationError) as raised:
        taken(StopStrings, [object()] * 2_000_000)
    assert raised.value.error_count() == 1
    assert counted(2)([object()] * 2)


def test_no_model_gives_more_logprobs_than_the_declared_type_takes() -> None:
    assert ModelSpec(**{**PICO.model_dump(), "max_logprobs": MOST_LOGPROBS}).max_logprobs == MOST_LOGPROBS
    with pytest.raises(ValidationError):
        ModelSpec(**{**PICO.model_dump(), "max_logprobs": MOST_LOGPROBS + 1})
