"""Query parameters, as strictly as bodies: read for `faults.validated`, declared for /openapi.json."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from starlette.requests import Request


def query_of(request: Request) -> dict[str, Any]:
    """A parameter that is given twice is a list, which no rule allows."""
    given = {name: request.query_params.getlist(name) for name in request.query_params}
    return {name: values[0] if len(values) == 1 else values for name, values in given.items()}


def parameters(kind: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI entry of a type whose fields are all strings."""
    fields = kind.model_fields.items()
    return {
        "parameters": [
            {"name": name, "in": "query", "schema": _text(kind, name), "description": field.description} for name, field in fields
        ]
    }


def _text(kind: type[BaseModel], name: str) -> dict[str, Any]:
    """Of the field's schemas the one that is not null, which a query cannot say."""
    kinds = kind.model_json_schema()["properties"][name]["anyOf"]
    return next(one for one in kinds if one["type"] == "string")
