"""What is wrong with a list of models, in sentences that name the model and the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.catalogue import Catalogue

LONGEST_VALUE = 60


def catalogue_faults(content: Any) -> list[str]:
    """A sentence for each fault of `{"models": [...]}`; none where it is a Catalogue."""
    return faults(Catalogue, content)


def faults(kind: type[BaseModel], content: Any, name: str = "The list of models") -> list[str]:
    """A sentence for each thing that keeps the content from being of that kind. What has no id is called by the name."""
    try:
        kind.model_validate(content)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return list(dict.fromkeys(_sentences(details, content, name)))
    return []


def _sentences(details: list[ErrorDetails], content: Any, name: str) -> Iterator[str]:
    for detail in details:
        if detail["type"] == "too_short" and len(details) > 1:
            continue  # pydantic's count of what is left once the faulty models are gone
        subject, place = _subject(detail["loc"], content, name)
        yield f"{subject}: {_complaint(detail, '.'.join(map(str, place)))}."


def _subject(place: tuple[int | str, ...], content: Any, name: str) -> tuple[str, tuple[int | str, ...]]:
    """Which model a fault is in, and where in it."""
    if place[:1] == ("models",) and len(place) > 1:
        number = int(place[1])
        return _called(content["models"][number], f"model {number + 1} of the list"), place[2:]
    return _called(content, name), place


def _called(entry: Any, otherwise: str) -> str:
    model = entry.get("id") if isinstance(entry, Mapping) else None
    return f"model {model}" if isinstance(model, str) else otherwise


def _complaint(detail: ErrorDetails, field: str) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return f"{field} is no setting of a model"
        case "missing":
            return f"{field} is missing"
        case "value_error":
            text = str(detail["ctx"]["error"])
            return f"{field}: {text}" if field else text
    shown = repr(detail["input"])[:LONGEST_VALUE]
    return f"{field or 'it'} is {shown}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
