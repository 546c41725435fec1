from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from router.errors import Fault, InvalidRequest
from router.faults import Crossing, fault, validated

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class Options(BaseModel):
    model_config = STRICT

    depth: int = Field(default=1, description="an integer; by default 1")


class Order(BaseModel):
    model_config = STRICT

    model: str = Field(description="a string, the id of a listed model")
    colour: str | None = Field(default=None, max_length=5, description="a string of at most 5 characters; by default red")
    sizes: list[int] = Field(default=[], description="a list of integers")
    weights: dict[str, float] = Field(default={}, description="an object of numbers")
    options: Options = Field(default=Options(), description="an object with depth")


LEAST = {"model": "pico"}

REFUSED = [
    # what is sent beside the model, the parameter, the code, the message
    ({"model": None}, "model", "missing_parameter", "'model' is required: a string, the id of a listed model."),
    ({"colour": "yellow"}, "colour", "invalid_value", "'colour' must be a string of at most 5 characters; \"yellow\" was given."),
    ({"sizes": True}, "sizes", "invalid_value", "'sizes' must be a list, not a boolean: a list of integers; true was given."),
    ({"sizes": [1, None, "x"]}, "sizes", "invalid_value", "'sizes' must be a list of integers; null was given at index 1."),
    ({"sizes": [1, True]}, "sizes", "invalid_value", "'sizes' must be a list of integers; true was given at index 1."),
    (
        {"weights": {"a": 1, "b": True}},
        "weights",
        "invalid_value",
        "'weights' must be an object of numbers; true was given at the key \"b\".",
    ),
    ({"sizes": {"a": 1}}, "sizes", "invalid_value", "'sizes' must be a list of integers; {\"a\": 1} was given."),
    ({"options": []}, "options", "invalid_value", "'options' must be an object with depth; [] was given."),
    ({"options": {"depth": 1.5}}, "options.depth", "invalid_value", "'options.depth' must be an integer; 1.5 was given."),
    (
        {"options": {"dept": 1}},
        *("options.dept", "unknown_parameter", "'options.dept' is not a parameter of this API. Did you mean 'options.depth'?"),
    ),
    ({"color": "red"}, "color", "unknown_parameter", "'color' is not a parameter of this API. Did you mean 'colour'?"),
    ({"zzz": None}, "zzz", "unknown_parameter", "'zzz' is not a parameter of this API."),
    ({"options": {"zzz": None}}, "options.zzz", "unknown_parameter", "'options.zzz' is not a parameter of this API."),
]


@pytest.mark.parametrize(("fields", "param", "code", "message"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_a_refusal_names_the_parameter_its_rule_and_the_value(fields: dict[str, Any], param: str, code: str, message: str) -> None:
    error = refusal(**fields)
    assert (error.param, error.code, error.message, error.details) == (param, code, message, None)


def test_null_means_absent() -> None:
    assert validated(Order, {**LEAST, "colour": None, "sizes": None, "options": {"depth": None}}) == Order(model="pico", options=Options())


def test_several_faults_come_in_the_order_of_the_declared_type() -> None:
    error = refusal(zzz=1, options={"depth": "x", "width": 1}, colour=5, model=7)
    assert [one["param"] for one in error.details] == ["model", "colour", "options.depth", "options.width", "zzz"]


def taller_than_wide(order: Order) -> Fault | None:
    return Fault("sizes", "invalid_value", "sizes and colour") if len(order.sizes) > len(order.colour or "") else None


CROSSING = Crossing(frozenset({"sizes", "colour"}), taller_than_wide)


@pytest.mark.parametrize(
    ("wrong", "params"),
    [
        ({"sizes": [1]}, ["sizes"]),
        ({"sizes": [1], "options": 7}, ["options", "sizes"]),
        ({"sizes": [1], "model": 7}, ["model", "sizes"]),
        ({"sizes": [1], "colour": 7}, ["colour"]),
        ({"sizes": [1], "colour": "r", "zzz": 1}, ["zzz"]),
    ],
)
def test_a_rule_over_fields_is_told_beside_other_faults_where_each_field_is_right(wrong: dict[str, Any], params: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        validated(Order, LEAST | wrong, crossings=[CROSSING])
    assert [one["param"] for one in refused.value.details or [{"param": refused.value.param}]] == params


def test_one_parameter_is_one_fault() -> None:
    assert refusal(sizes=["a", "b", "c"]).details is None


def test_of_very_many_faults_the_first_are_told() -> None:
    assert len(refusal(**{f"unknown_{number}": number for number in range(1000)}).details) == 16


def test_a_refused_name_or_value_is_not_repeated_at_length() -> None:
    error = refusal(sizes=[["a" * 10_000]], colour="b" * 10_000, **{"c" * 10_000: 1})
    assert len(error.message) < 800
    assert "a list of 999 entries was given" in refusal(colour=[1] * 999).message


@pytest.mark.parametrize("name", ["penalize_nl", "ban_eos_token", "xtc_threshold", "dry_sequence_breakers", "dynatemp_low"])
def test_a_field_of_mikupad_names_the_box_that_leaves_it_out(name: str) -> None:
    assert 'tick the "Strict API" box' in refusal(**{name: True}).message


def test_what_mikupad_sends_at_temperature_zero_names_the_way_out() -> None:
    assert "choose 0.01" in refusal(do_sample=False).message


@pytest.mark.parametrize("body", [{}, {"model": None}, {"model": "pico"}])
def test_the_model_of_the_path_stands_where_the_body_names_none(body: dict[str, Any]) -> None:
    assert validated(Order, body, "pico").model == "pico"


def test_another_model_than_that_of_the_path_is_refused_with_all_other_faults() -> None:
    with pytest.raises(InvalidRequest) as caught:
        validated(Order, {"model": "nano", "colour": 5}, "pico")
    assert [one["param"] for one in caught.value.details] == ["model", "colour"]
    assert '\'model\' must be "pico", which the path names, or be left out; "nano" was given.' in caught.value.message


@pytest.mark.parametrize("model", [5, [], True])
def test_a_model_that_is_no_string_is_one_fault(model: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        validated(Order, {"model": model}, "pico")
    assert (caught.value.param, caught.value.details) == ("model", None)


def test_a_rule_over_several_fields_is_told_in_the_words_of_one() -> None:
    assert fault(Order, "options", {"depth": 2}).message == "'options' must be an object with depth; {\"depth\": 2} was given."
    assert fault(Order, "options.depth", 2).message == "'options.depth' must be an integer; 2 was given."


def refusal(**fields: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        validated(Order, {**LEAST, **fields})
    return caught.value


class Letter(BaseModel):
    model_config = STRICT

    address: str = Field(description="a string")


def test_a_type_without_rules_over_several_fields_needs_no_stand_ins() -> None:
    with pytest.raises(InvalidRequest) as refused:
        validated(Letter, {"address": 5, "stamp": 1})
    assert [one["param"] for one in refused.value.details] == ["address", "stamp"]
