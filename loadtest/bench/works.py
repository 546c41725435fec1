"""What is measured: for each kind of work its requests, and the one number that is made of their answers."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from loadtest.bench.client import Asked

OURS, VLLM, RAY_LLM, LITELLM = "this service", "vLLM", "ray.serve.llm", "LiteLLM"
SERVERS = (VLLM, LITELLM, RAY_LLM, OURS)
#: Ids that are text in the vocabulary of every embedded model.
FIRST_ID, LAST_ID = 300, 4000
LOGPROBS = 20

Body = dict[str, Any]
Value = Callable[[list[Asked], float], float]


@dataclass(frozen=True)
class Texts:
    """So many continuations, of so many tokens each, of one prefix."""

    continuations: int
    tokens: int
    prefix: int

    def __str__(self) -> str:
        return f"{self.continuations} continuations of {self.tokens} {'token' if self.tokens == 1 else 'tokens'} after {self.prefix:,}"

    def groups(self, random: Random, count: int) -> list[tuple[list[int], list[list[int]]]]:
        """Prefixes with theirs, for so many continuations in all."""
        numbers = range(count // self.continuations or 1)
        return [(ids(random, self.prefix), [ids(random, self.tokens) for _ in range(self.continuations)]) for _ in numbers]


#: Sentences to choose from, and the letters of a question after examples.
ENDINGS, LETTERS = Texts(16, 8, 512), Texts(4, 1, 1500)


@dataclass(frozen=True)
class Work:
    """`bodies` makes so many requests, without their model. `servers`: those that have such a thing. `more`: whether a larger value
    is better. `target`: of this service over vLLM's own server, and over the others."""

    title: str
    unit: str
    bodies: Callable[[Random, int], list[Body]]
    at_once: int
    requests: int
    value: Value
    path: str = "/v1/completions"
    servers: tuple[str, ...] = SERVERS
    more: bool = True
    target: str = ""

    def check(self, bodies: list[Body], answers: list[Asked]) -> None:
        """What is not all there was not measured. Raises AssertionError."""
        if any("logprobs" in body for body in bodies):
            assert all(b'"token_logprobs":' in one.body for one in answers), "no logprobs came"
        if self.path == "/v1/completions":
            wanted = sum(int(body["max_tokens"]) for body in bodies)
            made = sum(int(one.document["usage"]["completion_tokens"]) for one in answers)
            assert made == wanted, f"{made} of {wanted} tokens came"


def ids(random: Random, length: int) -> list[int]:
    """A prompt that no cache has."""
    return random.choices(range(FIRST_ID, LAST_ID), k=length)


def streams(length: int, tokens: int, **fields: Any) -> Callable[[Random, int], list[Body]]:
    common = {"max_tokens": tokens, "stream": True, "stream_options": {"include_usage": True}, "ignore_eos": True, **fields}
    return lambda random, count: [{"prompt": ids(random, length), **common} for _ in range(count)]


def wholes(length: int, tokens: int, **fields: Any) -> Callable[[Random, int], list[Body]]:
    return lambda random, count: [{"prompt": ids(random, length), "max_tokens": tokens, "ignore_eos": True, **fields} for _ in range(count)]


def scores_together(texts: Texts) -> Callable[[Random, int], list[Body]]:
    return lambda random, count: [{"prompt": prefix, "continuations": all_} for prefix, all_ in texts.groups(random, count)]


def scores_apart(texts: Texts) -> Callable[[Random, int], list[Body]]:
    return lambda random, count: [
        {"prompt": prefix, "continuations": [one]} for prefix, all_ in texts.groups(random, count) for one in all_
    ]


def echoes(texts: Texts) -> Callable[[Random, int], list[Body]]:
    """As evaluations do it where there is no /v1/score."""
    fields = {"max_tokens": 1, "echo": True, "logprobs": 1}
    return lambda random, count: [{"prompt": prefix + one, **fields} for prefix, all_ in texts.groups(random, count) for one in all_]


def completion_tokens(answers: list[Asked], seconds: float) -> float:
    return sum(int(one.document["usage"]["completion_tokens"]) for one in answers) / seconds


def prompt_tokens(answers: list[Asked], seconds: float) -> float:
    return sum(int(one.document["usage"]["prompt_tokens"]) for one in answers) / seconds


def answers_made(answers: list[Asked], seconds: float) -> float:
    return len(answers) / seconds


def first_ms(answers: list[Asked], seconds: float) -> float:
    return 1000 * statistics.median(one.first or one.seconds for one in answers)


def scored(answers: list[Asked], seconds: float) -> float:
    """Tokens whose logprob came: an answer without them is work that was not done."""
    return sum(_rows(one.document) for one in answers) / seconds


def _rows(document: dict[str, Any]) -> int:
    choice = document["choices"][0]
    rows = choice.get("prompt_logprobs") or (choice.get("logprobs") or {}).get("token_logprobs") or []
    assert rows, "no logprobs came"
    return len(rows)


def continuations(answers: list[Asked], seconds: float) -> float:
    return sum(len(one.document.get("results", [None])) for one in answers) / seconds


WORKS: dict[str, Work] = {
    "stream": Work("32 streams of 64 tokens", "tok/s", streams(16, 64), 32, 256, completion_tokens, target=">= 0.9; 3 times the others"),
    "one-token": Work("one-token requests, 32 at once", "1/s", wholes(16, 1), 32, 640, answers_made, target=">= 0.6; 3 times the others"),
    "first-token": Work("time to the first token, one client", "ms", streams(16, 8), 1, 60, first_ms, more=False, target="<= 5 ms more"),
    "long": Work("1,500-token prompts, 16 tokens, 8 streams", "prompt tok/s", streams(1500, 16), 8, 48, prompt_tokens),
    "logprobs": Work(
        f"32 streams of 64 tokens, logprobs={LOGPROBS}", "tok/s", streams(16, 64, logprobs=LOGPROBS), 32, 128, completion_tokens
    ),
    "prompt-logprobs": Work("prompt_logprobs of 512 tokens", "tok/s", wholes(512, 1, prompt_logprobs=1), 8, 64, scored, target=">= 1.2"),
    "echo": Work("echo, logprobs=1, 512 tokens", "tok/s", wholes(512, 1, echo=True, logprobs=1), 8, 64, scored, target=">= 1.2"),
    "continuations-echo": Work(f"{ENDINGS}, echo, 8 at once", "1/s", echoes(ENDINGS), 8, 64, continuations),
    "continuations-apart": Work(
        f"{ENDINGS.continuations} calls of /v1/score, 8 at once", "1/s", scores_apart(ENDINGS), 8, 64, continuations, "/v1/score", (OURS,)
    ),
    "continuations-in-turn": Work(
        "the same calls, one after the other", "1/s", scores_apart(ENDINGS), 1, 64, continuations, "/v1/score", (OURS,)
    ),
    "continuations": Work("the same, one call of /v1/score", "1/s", scores_together(ENDINGS), 1, 64, continuations, "/v1/score", (OURS,)),
    "letters-echo": Work(f"{LETTERS}, echo, 8 at once", "1/s", echoes(LETTERS), 8, 32, continuations),
    "letters": Work("the same, one call of /v1/score", "1/s", scores_together(LETTERS), 1, 32, continuations, "/v1/score", (OURS,)),
}
