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
    """How each next token is drawn, and which logprobs come back. Every value is final: defaults were applied by validation.

    `max_tokens` 0 only scores the prompt. `temperature` 0 is greedy; `top_k` -1 is off. Logprobs are raw log-softmax in
    nats, before bias, penalties and temperature: `logprobs` and `prompt_logprobs` None ask for none, 0 for the
    token's own only, k for the k likeliest as well; `logprob_token_ids` (with `logprobs` 0) for those ids at every
    generated position. Before `min_tokens` neither EOS nor stop tokens are drawn, and no stop string counts.
    `skip_special_tokens`: whether special tokens are left out of the text in which stop strings are looked for.
    """

    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    logit_bias: dict[int, float] = {}
    min_tokens: int = 0
    ignore_eos: bool = False
    stop_token_ids: tuple[int, ...] = ()
    stop: tuple[str, ...] = ()
    skip_special_tokens: bool = True
    logprobs: int | None = None
    logprob_token_ids: tuple[int, ...] = ()
    prompt_logprobs: int | None = None
    prompt_logprobs_start: int = 0


class Job(msgspec.Struct, frozen=True):
    """One prompt and its choices. `seeds` has an entry per choice: an int64, or None for unseeded.

    With `tails` choice i's prompt is `prompt_ids + tails[i]`: continuations to be scored, the shared prefix computed once.
    `tenant` is whose turn it takes where several wait for one engine: the key's id. `request_id` is for logs: the
    `x-request-id` of the answer, "" where nobody asked.
    """

    id: str
    prompt_ids: tuple[int, ...]
    sampling: Sampling
    seeds: tuple[int | None, ...] = (None,)
    cache_salt: str | None = None
    tails: tuple[tuple[int, ...], ...] = ()
    tenant: str = ""
    request_id: str = ""

    def prompt_of(self, choice: int) -> tuple[int, ...]:
        return self.prompt_ids + self.tails[choice] if self.tails else self.prompt_ids

    @property
    def first_row(self) -> int:
        """The first prompt position that has a logprob to give: nothing precedes position 0."""
        return max(1, self.sampling.prompt_logprobs_start)

    def rows_of(self, choice: int) -> range:
        """The prompt positions whose logprobs come with this choice: with the first only, where all share one prompt."""
        scored = self.sampling.prompt_logprobs is not None and (bool(self.tails) or choice == 0)
        return range(self.first_row, max(self.first_row, len(self.prompt_of(choice)))) if scored else range(0)


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Logprobs at one token: its own, its rank, the k likeliest, best first, and those of `logprob_token_ids`, in their order.

    `rank` counts the logits not smaller than its own.
    """

    logprob: float
    rank: int
    top_ids: list[int]
    top_logprobs: list[float]
    requested: list[float] = []


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
    `prompt`: logprobs of the prompt's tokens from position `prompt_first` on, at most MOST_ROWS; all of a job's
    shared prompt come before its first token, all of a tail before the end of its choice.
    """

    choice: int
    first: int
    token_ids: list[int]
    positions: list[Position] | None = None
    finish: Finish | None = None
    cached_tokens: int = 0
    prompt: list[Position] = []
    prompt_first: int = 0


#: Prompt positions in one delta, and in one chunk of a stream.
MOST_ROWS = 256


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
    ├── EngineTimeout      the job ran longer than the model allows
    └── EngineReaderSlow   its reader takes less than it makes, and too much waits
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


class EngineReaderSlow(EngineError):
    """The job was ended so that what waits for its reader does not grow for ever."""
