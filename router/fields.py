"""The types of single request fields: what no JSON type says by itself. Bounds stand here once, for checks and schema alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from budgets.usage import check_month

INT32, INT64 = 1 << 31, 1 << 63
SMALLEST_TEMPERATURE = 0.01
MOST_STOPS, MOST_STOP_IDS, MOST_BIASES, MOST_REQUESTED, MOST_PROMPTS = 16, 64, 300, 128, 64
MOST_CHOICES, MOST_SEQUENCES = 16, 128
#: The most that any model's own max_logprobs may be.
MOST_LOGPROBS = 1000
CANONICAL_ID = r"^(0|[1-9][0-9]{0,9})$"


def _no_tiny_temperature(value: float) -> float:
    if 0 < value < SMALLEST_TEMPERATURE:
        raise ValueError("the engine would run this as 0.01")
    return value


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("0 is neither off nor a number of tokens")
    return value


def counted(most: int) -> Callable[[Any], Any]:
    """Counts first, so that a list of millions gets one fault and not one for each entry."""

    def check(value: Any) -> Any:
        if isinstance(value, list | dict) and len(value) > most:
            raise ValueError(f"at most {most}")
        return value

    return check


def _stops(value: Any) -> Any:
    return [value] if isinstance(value, str) else counted(MOST_STOPS)(value)


def _biases(value: Any) -> Any:
    """JSON's keys are strings; only one spelling of each id is taken, so that no two entries mean the same."""
    if not isinstance(value, dict) or not all(isinstance(key, str) and re.fullmatch(CANONICAL_ID, key) for key in value):
        raise ValueError("keys are token ids")
    return {int(key): bias for key, bias in counted(MOST_BIASES)(value).items()}


def are_ids(value: Any) -> bool:
    """Whether this is a list of token ids, not empty; checked at C speed because prompts are long."""
    return isinstance(value, list) and set(map(type, value)) == {int} and min(value) >= 0 and max(value) < INT32


def _prompts(value: Any) -> list[str] | list[list[int]]:
    """One prompt or several, texts or token ids, as a list of prompts."""
    if isinstance(value, str):
        return [value]
    if are_ids(value):
        return [value]
    if isinstance(value, list) and 1 <= len(value) <= MOST_PROMPTS and (set(map(type, value)) == {str} or all(map(are_ids, value))):
        return value
    raise ValueError("texts or token ids")


def _one_prompt(value: Any) -> str | list[int]:
    if isinstance(value, str) or are_ids(value):
        return value  # type: ignore[no-any-return]
    raise ValueError("a text or token ids")


def _continuations(value: Any) -> list[str] | list[list[int]]:
    if isinstance(value, list) and 1 <= len(value) <= MOST_SEQUENCES and (_texts(value) or all(map(are_ids, value))):
        return value
    raise ValueError("texts or token ids")


def _texts(value: list[Any]) -> bool:
    return set(map(type, value)) == {str} and "" not in value


TokenId = Annotated[int, Field(ge=0, lt=INT32)]
Text = Annotated[str, Field(min_length=1)]
Ids = Annotated[list[TokenId], Field(min_length=1)]
_Texts = Annotated[list[Text], Field(min_length=1, max_length=MOST_PROMPTS)]
_IdLists = Annotated[list[Ids], Field(min_length=1, max_length=MOST_PROMPTS)]
Prompts = Annotated[list[str] | list[list[int]], PlainValidator(_prompts, json_schema_input_type=Text | _Texts | Ids | _IdLists)]
Prompt = Annotated[str | list[int], PlainValidator(_one_prompt, json_schema_input_type=str | Ids)]
Continuations = Annotated[
    list[str] | list[list[int]],
    PlainValidator(
        _continuations,
        json_schema_input_type=Annotated[list[Text], Field(min_length=1, max_length=MOST_SEQUENCES)]
        | Annotated[list[Ids], Field(min_length=1, max_length=MOST_SEQUENCES)],
    ),
]
Temperature = Annotated[
    float,
    Field(ge=0, le=2),
    AfterValidator(_no_tiny_temperature),
    WithJsonSchema({"anyOf": [{"type": "number", "const": 0}, {"type": "number", "minimum": SMALLEST_TEMPERATURE, "maximum": 2}]}),
]
Penalty = Annotated[float, Field(ge=-2, le=2)]
TopK = Annotated[
    int,
    Field(ge=-1, lt=INT32),
    AfterValidator(_not_zero),
    WithJsonSchema({"anyOf": [{"type": "integer", "const": -1}, {"type": "integer", "minimum": 1, "exclusiveMaximum": INT32}]}),
]
LogprobCount = Annotated[int, Field(ge=0, le=MOST_LOGPROBS)]
Choices = Annotated[int, Field(ge=1, le=MOST_CHOICES)]
StopString = Annotated[str, Field(min_length=1, max_length=256)]
StopStrings = Annotated[
    list[StopString],
    BeforeValidator(_stops, json_schema_input_type=StopString | Annotated[list[StopString], Field(max_length=MOST_STOPS)]),
    Field(max_length=MOST_STOPS),
]
StopIds = Annotated[list[TokenId], BeforeValidator(counted(MOST_STOP_IDS)), Field(max_length=MOST_STOP_IDS)]
RequestedIds = Annotated[list[TokenId], BeforeValidator(counted(MOST_REQUESTED)), Field(max_length=MOST_REQUESTED)]
Bias = Annotated[float, Field(ge=-100, le=100)]
LogitBias = Annotated[
    dict[int, Bias],
    BeforeValidator(_biases),
    WithJsonSchema(
        {
            "type": "object",
            "propertyNames": {"pattern": CANONICAL_ID},
            "additionalProperties": {"type": "number", "minimum": -100, "maximum": 100},
            "maxProperties": MOST_BIASES,
        }
    ),
]
Nothing = Literal[""]
Month = Annotated[str, AfterValidator(check_month), WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"})]
