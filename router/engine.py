"""The port: what the HTTP face asks of an engine, and what comes back. Token ids in, token ids out.

These types cross processes (msgpack, `msgspec`), so this module imports neither Ray, vLLM nor FastAPI.
An engine knows nothing of text, except the stop strings at which it must end.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from enum import StrEnum
from typing import Protocol

import msgspec


class Sampling(msgspec.Struct, frozen=True):
    """How each next token is drawn. Every value is final: defaults were applied by validation.

    `temperature` 0 is greedy; `top_k` -1 is off; `logprobs` None asks for none, 0 for the chosen token's
    only, k for the k likeliest as well (raw log-softmax, nats).
    """

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    min_p: float = 0.0
    stop: tuple[str, ...] = ()
    logprobs: int | None = None


class Job(msgspec.Struct, frozen=True):
    """One prompt and its choices. `seeds` has an entry per choice: an int64, or None for unseeded."""

    id: str
    prompt_ids: tuple[int, ...]
    sampling: Sampling
    seeds: tuple[int | None, ...] = (None,)
    cache_salt: str | None = None


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Logprobs at one token: the chosen one's, its rank among all, and the k likeliest, best first."""

    logprob: float
    rank: int
    top_ids: list[int]
    top_logprobs: list[float]


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"


class Finish(msgspec.Struct, frozen=True, array_like=True):
    """Why a choice ended; `stop_reason` is the stop string or stop token id, None for EOS and length."""

    reason: FinishReason
    stop_reason: str | int | None = None


class Delta(msgspec.Struct, frozen=True, array_like=True):
    """New tokens of one choice. `first` is how many tokens of that choice came before these.

    `positions` has one entry per token when logprobs were asked, else None. `finish` is set on a choice's
    last delta. `cached_tokens`: prompt tokens that came from the prefix cache (first delta only).
    """

    choice: int
    first: int
    token_ids: list[int]
    positions: list[Position] | None = None
    finish: Finish | None = None
    cached_tokens: int = 0


class Engine(Protocol):
    """One model's engine, wherever it runs."""

    def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """Deltas of all choices until each has finished. Closing the generator aborts what still runs.

        Every choice's deltas are gapless and end with exactly one `finish`. Raises an EngineError.
        """
        ...


class EngineError(Exception):
    """What an engine can fail with. The text is for the operator's log, never for the caller.

    EngineError
    ├── EngineCold         not running yet; `phase` and `eta_seconds` say how far the boot is
    ├── EngineBroken       keeps failing, or cannot be started; `retry_after_seconds` to the next try
    ├── EngineDied         ended, or lost its tokens, while this job ran
    └── EngineTimeout      the job ran longer than the model allows
    """


class EngineCold(EngineError):
    def __init__(self, phase: str, eta_seconds: float | None = None) -> None:
        super().__init__(phase)
        self.phase, self.eta_seconds = phase, eta_seconds


class EngineBroken(EngineError):
    def __init__(self, reason: str, retry_after_seconds: float) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class EngineDied(EngineError):
    """Recoverable by asking again, if nothing was sent to the caller yet."""


class EngineTimeout(EngineError):
    """The job was ended by its deadline."""
