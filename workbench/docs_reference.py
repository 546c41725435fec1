"""The pages that are made from the program itself: the API reference from its OpenAPI document, the errors from their classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router import errors

Schema = Mapping[str, Any]

INTRODUCTION = """# API reference

Made from [/openapi.json](/openapi.json), the document that the service validates by. Fields may be null wherever they may be left
out; whatever is not listed is refused. What the values mean is in [Completions](completions.md) and in the examples.
"""


def reference(document: Schema) -> str:
    operations = [(verb, path, one) for path, verbs in document["paths"].items() for verb, one in verbs.items()]
    told = "\n".join(operation(verb, path, one) for verb, path, one in operations)
    kinds = "\n".join(kind(name, schema) for name, schema in sorted(document["components"]["schemas"].items()))
    return f"{INTRODUCTION}\n{told}\n## What is answered\n\n{kinds}"


def operation(verb: str, path: str, one: Schema) -> str:
    lines = [f"## {verb.upper()} {path}\n", one.get("description", one.get("summary", "")), ""]
    for parameter in one.get("parameters", ()):
        lines.append(f"`{parameter['name']}` ({parameter['in']}): {meaning(parameter['schema'])}\n")
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return "\n".join([*lines, *([fields(body, "required")] if body else []), answer(one)])


def answer(one: Schema) -> str:
    content = one["responses"].get("200", one["responses"].get("202", {})).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return f"Answer: {type_of(schema)}.\n" if schema else ""


def kind(name: str, schema: Schema) -> str:
    return "\n\n".join([f"### {name}", schema.get("description", ""), fields(schema, "always there")])


def fields(schema: Schema, when_needed: str) -> str:
    needed = schema.get("required", ())
    rows = [f"| `{name}` | {meaning(one)} | {'yes' if name in needed else ''} |" for name, one in schema.get("properties", {}).items()]
    return "\n".join([f"| field | value | {when_needed} |", "| --- | --- | --- |", *rows, ""]) if rows else ""


def meaning(schema: Schema) -> str:
    return cell(schema.get("description") or type_of(schema))


def type_of(schema: Schema) -> str:
    """A type in words: `Choice`, a list of integer, string or null."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(type_of(one) for one in schema["anyOf"]))
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    match schema.get("type"):
        case "array":
            return f"a list of {type_of(schema.get('items', {}))}"
        case str(name):
            return name
        case _:
            return "any value"


def error_table() -> str:
    rows = [f"| `{one.code}` | {one.status} | `{one.type}` |" for one in sorted(error_kinds(), key=lambda one: (one.status, one.code))]
    return "\n".join(["| code | status | type |", "| --- | --- | --- |", *rows])


def error_kinds() -> Iterator[type[errors.ApiError]]:
    """Those of the API. What only the site's pages see is not among them."""
    for one in errors.ApiError.__subclasses__():
        if one.__module__ == errors.__name__:
            yield one


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
