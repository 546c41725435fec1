"""The declared request types: what a body may hold, and the source of /openapi.json.

A field's description is its rule, and the message of every refusal quotes it. Null means absent everywhere; the
defaults are those of a request that leaves the field out.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from router.fields import (
    INT64,
    Choices,
    Continuations,
    LogitBias,
    LogprobCount,
    Month,
    Nothing,
    Penalty,
    Prompt,
    Prompts,
    RequestedIds,
    StopIds,
    StopStrings,
    Temperature,
    TopK,
)

BOOLEAN = "true or false"
NULL = {"type": "null"}
#: The rule that all counts of likeliest tokens share.
K_RULE = "an integer from 0 to the model's max_logprobs (0: the token's own only); by default none"


def _nullable(schema: dict[str, Any]) -> None:
    """Null is accepted for every field that may be left out."""
    for name, one in schema["properties"].items():
        if name not in schema.get("required", ()):
            told = {key: one.pop(key) for key in ("title", "description", "default") if key in one}
            kinds = [kind for kind in one.pop("anyOf", [one]) if kind != NULL]
            schema["properties"][name] = {**told, "anyOf": [*kinds, NULL]}


STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_extra=_nullable)


class StreamOptions(BaseModel):
    model_config = STRICT

    include_usage: bool = Field(default=False, description=BOOLEAN)
    continuous_usage_stats: bool = Field(default=False, description=BOOLEAN)


class CompletionRequest(BaseModel):
    model_config = STRICT

    model: str = Field(description="a string, the id of a listed model")
    prompt: Prompts = Field(
        description="a string, a list of 1 to 64 strings, a list of token ids or a list of 1 to 64 lists of token ids, none of them empty"
    )
    max_tokens: int | None = Field(
        default=None,
        ge=0,
        lt=INT64,
        json_schema_extra={"default": 16},
        description="an integer of at least 0 (0: only score the prompt); by default 16, or what is left of the context",
    )
    min_tokens: int = Field(default=0, ge=0, lt=INT64, description="an integer from 0 to max_tokens; by default 0")
    temperature: Temperature = Field(
        default=1.0, description="a number, 0 or from 0.01 to 2 (the engine would run anything between 0 and 0.01 as 0.01); by default 1"
    )
    top_p: float = Field(default=1.0, gt=0, le=1, description="a number above 0 and at most 1; by default 1")
    top_k: TopK = Field(default=-1, description="an integer, -1 (off) or from 1 to 2^31 - 1; by default -1")
    min_p: float = Field(default=0.0, ge=0, le=1, description="a number from 0 to 1; by default 0")
    presence_penalty: Penalty = Field(default=0.0, description="a number from -2 to 2; by default 0")
    frequency_penalty: Penalty = Field(default=0.0, description="a number from -2 to 2; by default 0")
    repetition_penalty: float = Field(default=1.0, gt=0, le=2, description="a number above 0 and at most 2; by default 1")
    logit_bias: LogitBias = Field(
        default={}, description="an object of at most 300 entries, token ids as keys, numbers from -100 to 100 as values; by default none"
    )
    seed: int | None = Field(
        default=None, ge=-INT64, lt=INT64, description="an integer of 64 bits (choice i uses seed + i); by default random"
    )
    n: Choices = Field(default=1, description="an integer from 1 to 16, at most best_of; by default 1")
    best_of: Choices | None = Field(
        default=None, description="an integer from 1 to 16, at least n, and n where 'stream' is true; by default n"
    )
    stop: StopStrings = Field(default=[], description="a string or up to 16 strings, each of 1 to 256 characters; by default none")
    stop_token_ids: StopIds = Field(default=[], description="a list of up to 64 token ids; by default none")
    ignore_eos: bool = Field(default=False, description=BOOLEAN)
    include_stop_str_in_output: bool = Field(default=False, description=BOOLEAN)
    skip_special_tokens: bool = Field(default=True, description=BOOLEAN)
    add_special_tokens: bool = Field(default=True, description=BOOLEAN)
    echo: bool = Field(default=False, description=BOOLEAN)
    logprobs: LogprobCount | None = Field(default=None, description=K_RULE)
    prompt_logprobs: LogprobCount | None = Field(default=None, description=K_RULE)
    prompt_logprobs_start: int = Field(
        default=0, ge=0, lt=INT64, description="an integer of at least 0, the first position whose prompt logprobs are given; by default 0"
    )
    logprob_token_ids: RequestedIds = Field(
        default=[], description="a list of up to 128 token ids, only while 'logprobs' is null or 0; by default none"
    )
    return_token_ids: bool = Field(default=False, description=BOOLEAN)
    stream: bool = Field(default=False, description=BOOLEAN)
    stream_options: StreamOptions = Field(
        default=StreamOptions(),
        description="an object with include_usage and continuous_usage_stats, only together with 'stream': true",
        json_schema_extra={"default": {}},
    )
    user: str | None = Field(default=None, max_length=256, description="a string of at most 256 characters, echoed in the response")
    suffix: Nothing = Field(default="", description='null or "" (suffixes are not supported by base models)')


class ScoreRequest(BaseModel):
    model_config = STRICT

    model: str = Field(description="a string, the id of a listed model")
    prompt: Prompt = Field(description='a string or a list of token ids, not empty ("" scores after the BOS that the tokenizer adds)')
    continuations: Continuations = Field(
        description="a list of 1 to 128 strings, or of 1 to 128 lists of token ids where the prompt is one too, none of them empty"
    )
    logprobs: LogprobCount | None = Field(default=None, description=K_RULE)
    add_special_tokens: bool = Field(default=True, description=BOOLEAN)


class UsageRequest(BaseModel):
    """Sent as a query."""

    model_config = STRICT

    month: Month | None = Field(default=None, description="a month, written YYYY-MM; by default the one that is now, UTC")


def body_schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The request body of a route whose bytes `body.py` reads, for its OpenAPI entry."""
    schema = kind.model_json_schema()
    inline = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": inline}}}}


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Nested types in place: a reference into the schema would lead nowhere in the whole document."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(one, definitions) for name, one in schema.items()}
