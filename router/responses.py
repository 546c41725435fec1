"""The declared types of the answers, for /openapi.json and for whoever reads it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

Ranked = list[tuple[int, float]]


class Logprobs(BaseModel):
    """Lists of equal length, one entry per token; logprobs are raw log-softmax in nats, -9999.0 for minus infinity.

    With `echo` they cover prompt and generated tokens, and the first entries of the nullable ones are null.
    """

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None]
    text_offset: list[int]
    token_ids: list[int]
    token_ranks: list[int | None]
    top_token_ids: list[Ranked | None]
    requested: list[Ranked | None] | None


class PromptLogprob(BaseModel):
    logprob: float
    rank: int
    decoded_token: str


class Choice(BaseModel):
    index: int
    text: str
    finish_reason: Literal["stop", "length"] | None
    stop_reason: str | int | None
    token_ids: list[int] | None
    prompt_token_ids: list[int] | None
    prompt_logprobs: list[dict[str, PromptLogprob] | None] | None = Field(description="The prompt's own token comes first in each entry")
    logprobs: Logprobs | None
    prompt_logprobs_start: int | None = Field(default=None, description="Streamed prompt logprobs: the first position of this chunk")


class PromptTokensDetails(BaseModel):
    cached_tokens: int


class Usage(BaseModel):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails | None = None


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


class ScoreResult(BaseModel):
    index: int
    sum_logprob: float
    is_greedy: bool
    n_bytes: int
    tokens: list[str]
    token_ids: list[int]
    token_logprobs: list[float]
    token_ranks: list[int]
    top_logprobs: list[dict[str, float]] | None
    top_token_ids: list[Ranked] | None
    boundary: Literal["clean", "merged"]


class Score(BaseModel):
    object: Literal["score"]
    model: str
    system_fingerprint: str
    usage: Usage
    results: list[ScoreResult]


class BalanceReport(BaseModel):
    """In tokens. `cap` null: unbounded, so that only the account's holds."""

    name: str
    cap: int | None
    used: int
    held: int
    remaining: int | None


class ModelUsage(BaseModel):
    """Counts of one model; `workloads` are the requests by what X-Acs-Workload said of them."""

    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    errors: int
    workloads: dict[str, int]


class DayUsage(ModelUsage):
    day: str


class UsageReport(BaseModel):
    month: str
    resets_at: str
    key: BalanceReport
    account: BalanceReport
    by_model: list[ModelUsage]
    by_day: list[DayUsage]


class ErrorDetail(BaseModel):
    message: str
    type: str
    param: str | None
    code: str
    details: Any = None


class ErrorBody(BaseModel):
    error: ErrorDetail
