"""Values made from a JSON schema: at its bounds, just beyond them, and of every other type.

Which of them the schema allows is asked of a validator that is not ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

Schema = dict[str, Any]

#: One or more of each JSON type.
ZOO: list[Any] = [None, True, False, 0, 1, -1, 5, 0.5, -0.5, 1.0, "", "a", "1", [], ["a"], [5], [None], [[]], {}, {"a": 1}]


def values(schema: Schema) -> Iterator[Any]:
    """Each once; numbers that JSON spells differently are different."""
    seen = set()
    for value in (*_made(schema), *ZOO):
        spelling = json.dumps(value)
        if spelling not in seen:
            seen.add(spelling)
            yield value


def allows(schema: Schema, value: Any) -> bool:
    """JSON schema takes 16.0 for an integer; the contract does not, and neither does "integer" in the document's own words."""
    return jsonschema_rs.is_valid(schema, value) and not _is_whole_float(schema, value)


def _is_whole_float(schema: Schema, value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_whole_float(schema, one) for one in value)
    return isinstance(value, float) and '"number"' not in json.dumps(schema)


def _made(schema: Schema) -> Iterator[Any]:
    for one in schema.get("anyOf", ()):
        yield from _made(one)
    if "const" in schema:
        yield schema["const"]
    match schema.get("type"):
        case "integer" | "number":
            yield from _numbers(schema)
        case "string":
            yield from ("a" * length for length in _around(schema.get("minLength"), schema.get("maxLength")))
        case "array":
            yield from _lists(schema)
        case "object":
            yield from _objects(schema)


def _numbers(schema: Schema) -> Iterator[int | float]:
    step = 1 if schema["type"] == "integer" else 0.001
    for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if bound in schema:
            yield from (schema[bound], schema[bound] - step, schema[bound] + step)


def _around(least: int | None, most: int | None) -> list[int]:
    lengths = {1, 2, least or 0, max((least or 0) - 1, 0)} | (set() if most is None else {most, most + 1})
    return sorted(lengths)


def _lists(schema: Schema) -> Iterator[list[Any]]:
    entries = [one for one in _made(schema["items"]) if allows(schema["items"], one)]
    for length in _around(schema.get("minItems"), schema.get("maxItems")):
        yield entries[:1] * length
    yield from ([one] for one in (*entries, *ZOO))


def _objects(schema: Schema) -> Iterator[dict[str, Any]]:
    for name, one in schema.get("properties", {}).items():
        yield from ({name: value} for value in values(one))
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        yield from ({"5": value} for value in values(others))
        yield from ({str(number): 1 for number in range(length)} for length in _around(0, schema["maxProperties"]))
        yield from ({name: 1} for name in ("", "-1", "05", "5.0", "a", "5\n"))
