"""What is wrong with a body, a sentence for each field: the declared type's errors in the words of its own rules.

A field's description is its rule, up to `; by default`. Rules over several fields are no validators of the type but
`Crossing`s, so that they are told together with what is wrong with the other fields.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.errors import Fault, InvalidRequest

T = TypeVar("T", bound=BaseModel)

#: How much of a refused name or value a message repeats.
LONGEST_ECHO = 64
#: How many faults of one request are told.
MOST_FAULTS = 16
#: How alike two names must be for one to have been meant.
CLOSE = 0.7
#: Values of required fields that are wrong, while the other fields are looked at; no rule that names the field is asked.
STAND_INS: dict[str, Any] = {"model": "-", "prompt": "-", "continuations": ["-"], "tokens": [0]}

#: What mikupad sends, of fields that are not ours, until its "Strict API" box is ticked.
MIKUPAD = {
    *("penalize_nl", "ban_eos_token", "repetition_penalty_range", "typical_p", "tfs", "banned_tokens", "grammar_string"),
    *("xtc_threshold", "xtc_probability", "dry_multiplier", "dry_base", "dry_allowed_length", "dry_penalty_last_n"),
    *("dry_sequence_breakers", "mirostat_mode", "mirostat_tau", "mirostat_eta"),
    *("dynatemp_range", "dynatemp_exponent", "dynatemp_low", "dynatemp_high", "dynamic_temperature"),
}
HINTS = dict.fromkeys(MIKUPAD, 'In mikupad, tick the "Strict API" box, which leaves it out.') | {
    "max_completion_tokens": "Here it is called 'max_tokens'.",
    "n_predict": "Here it is called 'max_tokens'.",
    "stop_sequences": "Here it is called 'stop'.",
    "input": "Here it is called 'prompt'.",
    "messages": "Base models do not chat: send the text to continue as 'prompt'.",
    "do_sample": 'mikupad sends it at temperature 0, with and without its "Strict API" box; there, choose 0.01.',
}


@dataclass(frozen=True)
class Crossing(Generic[T]):
    """A rule over several fields of a request; it is asked only where each of them is right by itself."""

    fields: frozenset[str]
    check: Callable[[T], Fault | None]


def validated(kind: type[T], body: dict[str, Any], model: str | None = None, crossings: Sequence[Crossing[T]] = ()) -> T:
    """The body as its declared type; null means absent. Raises InvalidRequest with every fault.

    `model` is the id that the path fixes: it stands where the body names none.
    """
    present = _present(kind, body)
    faults = _contradiction(present.get("model", model), model)
    present = present if model is None else {"model": model, **present}
    try:
        request, wrong = kind.model_validate(present), frozenset[str]()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=False)
        faults += _faults(kind, present, errors)
        if not crossings:
            raise InvalidRequest(*faults[:MOST_FAULTS]) from None
        wrong = frozenset(str(one["loc"][0]) for one in errors)
        request = _without(kind, present, wrong)
    faults += [found for one in crossings if not one.fields & wrong and (found := one.check(request))]
    if faults:
        raise InvalidRequest(*faults[:MOST_FAULTS])
    return request


def _without(kind: type[T], present: dict[str, Any], wrong: frozenset[str]) -> T:
    """The request as far as it is right: the wrong fields are as if left out, or not there at all where they are required."""
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    right = {name: value for name, value in present.items() if name not in wrong}
    stand_ins = {name: STAND_INS[name] for name in required - right.keys()}
    return kind.model_validate({**stand_ins, **right})


def fault(kind: type[BaseModel], name: str, value: Any, where: str = "") -> Fault:
    """That the value, found `where` in the field, breaks the rule declared for `name`, or for `field.option` of a nested type."""
    rule = _rule(kind, name)
    noun = re.match(r"an? \w+", rule)
    if isinstance(value, bool) and noun and not where:
        rule = f"{noun[0]}, not a boolean: {rule}"
    return Fault(name, "invalid_value", f"'{name}' must be {rule}; {_echo(value)} was given{where}.")


def _present(kind: type[BaseModel], body: dict[str, Any]) -> dict[str, Any]:
    """The body without its nulls. That of an unknown field stays: it is refused like any other value."""
    kept = {name: value for name, value in body.items() if value is not None or name not in kind.model_fields}
    for name, value in kept.items():
        inner = _nested(kind, name)
        if inner is not None and isinstance(value, dict):
            kept[name] = _present(inner, value)
    return kept


def _contradiction(given: Any, model: str | None) -> list[Fault]:
    """A model in the body beside another in the path; what is no string at all, the declared type refuses."""
    if model is None or given == model or not isinstance(given, str):
        return []
    message = f"'model' must be {_echo(model)}, which the path names, or be left out; {_echo(given)} was given."
    return [Fault("model", "invalid_value", message)]


def _faults(kind: type[BaseModel], body: dict[str, Any], errors: list[ErrorDetails]) -> list[Fault]:
    """One per parameter, in the order of the declared type; of very many the first ones."""
    first: dict[str, ErrorDetails] = {}
    for error in errors:
        first.setdefault(_name(kind, error), error)
    return [_declared(kind, name, error, _where(kind, body, error)) for name, error in list(first.items())[:MOST_FAULTS]]


def _where(kind: type[BaseModel], body: dict[str, Any], error: ErrorDetails) -> str:
    """Of a value inside a list or an object with keys of the caller's: ` at index 3`, ` at the key "5"`."""
    field = str(error["loc"][0])
    if len(error["loc"]) == 1 or _nested(kind, field) is not None:
        return ""
    match body.get(field):
        case list():
            return f" at index {error['loc'][1]}"
        case dict():
            return f' at the key "{error["loc"][1]}"'
        case _:
            return ""


def _name(kind: type[BaseModel], error: ErrorDetails) -> str:
    """`field`, or `field.option`; where in a list or union the error stands is left out."""
    field = str(error["loc"][0])
    nested = len(error["loc"]) > 1 and _nested(kind, field) is not None
    return f"{field}.{error['loc'][1]}" if nested else field


def _nested(kind: type[BaseModel], field: str) -> type[BaseModel] | None:
    """The type of the object that a field takes, where it takes one."""
    return _objects(kind).get(field)


@cache
def _objects(kind: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """By field; kept for each declared type, never for what callers send."""
    kinds = {name: (field.annotation, *get_args(field.annotation)) for name, field in kind.model_fields.items()}
    return {name: one for name, types in kinds.items() for one in types if isinstance(one, type) and issubclass(one, BaseModel)}


def _declared(kind: type[BaseModel], name: str, error: ErrorDetails, where: str) -> Fault:
    if error["type"] == "extra_forbidden":
        return Fault(name[:LONGEST_ECHO], "unknown_parameter", _unknown(kind, name[:LONGEST_ECHO]))
    if error["type"] == "missing":
        return Fault(name, "missing_parameter", f"'{name}' is required: {_rule(kind, name)}.")
    return fault(kind, name, error["input"], where)


def _rule(kind: type[BaseModel], name: str) -> str:
    """The declared rule of a parameter, without its default."""
    field, _, option = name.partition(".")
    inner = _nested(kind, field) if option else None
    declared = kind.model_fields[field] if inner is None else inner.model_fields[option]
    return (declared.description or "").partition("; by default")[0]


def _unknown(kind: type[BaseModel], name: str) -> str:
    close = _closest(kind, name)
    hint = HINTS.get(name) or (f"Did you mean '{close}'?" if close else "")
    return f"'{name}' is not a parameter of this API. {hint}".rstrip()


def _closest(kind: type[BaseModel], name: str) -> str | None:
    """What may have been meant: of an object's options another one, of the body's fields also an option."""
    outer, _, option = name.rpartition(".")
    inner = _nested(kind, outer)
    if inner is not None:
        name, known = option, {known: f"{outer}.{known}" for known in inner.model_fields}
    else:
        known = _known(kind)
    return next((known[close] for close in difflib.get_close_matches(name, known, n=1, cutoff=CLOSE)), None)


def _known(kind: type[BaseModel]) -> dict[str, str]:
    """What a name may be taken for: the body's fields, and options by their own name."""
    options = {option: f"{field}.{option}" for field, inner in _objects(kind).items() for option in inner.model_fields}
    return options | {field: field for field in kind.model_fields}


def _echo(value: Any) -> str:
    if isinstance(value, list | dict) and len(value) > LONGEST_ECHO:
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)} entries"
    text = json.dumps(value[: LONGEST_ECHO + 1] if isinstance(value, str) else value, ensure_ascii=False)
    return text if len(text) <= LONGEST_ECHO else text[:LONGEST_ECHO] + "…"
