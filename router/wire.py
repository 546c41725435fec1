"""The declared types of the wire: what `POST /v1/completions` accepts and answers, and /openapi.json's source.

A field's description is its rule; the message of every refusal quotes it. Null means absent everywhere.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

INT32, INT64 = 1 << 31, 1 << 63
SMALLEST_TEMPERATURE = 0.01

#: Fields of this API that this version does not have yet; null is accepted, as absent.
LATER = (
    *("n", "best_of", "echo", "suffix", "presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias"),
    *("prompt_logprobs", "prompt_logprobs_start", "logprob_token_ids", "min_tokens", "ignore_eos", "stop_token_ids"),
    *("add_special_tokens", "skip_special_tokens", "include_stop_str_in_output", "return_token_ids"),
)

MOST_STOPS = 16


def _no_tiny_temperature(value: float) -> float:
    if 0 < value < SMALLEST_TEMPERATURE:
        raise ValueError("the engine would run this as 0.01")
    return value


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("0 is neither off nor a number of tokens")
    return value


def _listed(value: Any) -> Any:
    """Counts first, so that a list of millions gets one fault and not one for each entry."""
    if isinstance(value, list) and len(value) > MOST_STOPS:
        raise ValueError(f"at most {MOST_STOPS}")
    return [value] if isinstance(value, str) else value


Temperature = Annotated[float, Field(ge=0, le=2), AfterValidator(_no_tiny_temperature)]
TopK = Annotated[int, Field(ge=-1, lt=INT32), AfterValidator(_not_zero)]
StopString = Annotated[str, Field(min_length=1, max_length=256)]
StopStrings = Annotated[
    list[StopString],
    BeforeValidator(_listed, json_schema_input_type=str | list[StopString]),
    Field(max_length=MOST_STOPS),
]


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    include_usage: bool | None = Field(default=None, description="true or false")
    continuous_usage_stats: bool | None = Field(default=None, description="true or false")


class CompletionRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    model: str = Field(description="a string, the id of a listed model")
    prompt: str = Field(description="a string that is not empty (lists of prompts are not available yet)")
    max_tokens: int | None = Field(
        default=None, ge=0, description="an integer of at least 0; by default 16, or what is left of the context"
    )
    temperature: Temperature | None = Field(
        default=None, description="a number, 0 or from 0.01 to 2 (the engine would run anything between 0 and 0.01 as 0.01); by default 1"
    )
    top_p: float | None = Field(default=None, gt=0, le=1, description="a number above 0 and at most 1; by default 1")
    top_k: TopK | None = Field(default=None, description="an integer, -1 (off) or from 1 to 2^31 - 1; by default -1")
    min_p: float | None = Field(default=None, ge=0, le=1, description="a number from 0 to 1; by default 0")
    seed: int | None = Field(default=None, ge=-INT64, lt=INT64, description="an integer of 64 bits, -2^63 to 2^63 - 1; by default random")
    stop: StopStrings | None = Field(default=None, description="a string or up to 16 strings, each of 1 to 256 characters; by default none")
    logprobs: int | None = Field(default=None, ge=0, description="an integer from 0 to the model's max_logprobs; by default none")
    stream: bool | None = Field(default=None, description="true or false; by default false")
    stream_options: StreamOptions | None = Field(
        default=None, description="an object with include_usage and continuous_usage_stats, only together with 'stream': true"
    )
    user: str | None = Field(default=None, max_length=256, description="a string of at most 256 characters, echoed in the response")


class Logprobs(BaseModel):
    """Lists of equal length, one entry per token; logprobs are raw log-softmax in nats."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]
    token_ids: list[int]
    token_ranks: list[int | None]
    top_token_ids: list[list[tuple[int, float]] | None]
    requested: None


class Choice(BaseModel):
    index: int
    text: str
    finish_reason: Literal["stop", "length"] | None
    stop_reason: str | int | None
    token_ids: None
    prompt_token_ids: None
    prompt_logprobs: None
    logprobs: Logprobs | None


class PromptTokensDetails(BaseModel):
    cached_tokens: int


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails


class Completion(BaseModel):
    """The whole answer; a streamed chunk has the same shape with one choice, or none beside the usage."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    system_fingerprint: str
    user: str | None
    choices: list[Choice]
    usage: Usage | None


class ErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str
    details: Any = None


class ErrorBody(BaseModel):
    error: ErrorDetail
