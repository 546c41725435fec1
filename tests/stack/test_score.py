"""Scoring on the real engine: continuations of a prompt have the values that an echo of the whole text has."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.cluster import Stack

pytestmark = pytest.mark.stack
LONG = "The king of the north said to the men of the city that the gates were shut. " * 40
WORDS = [" and", " then he went", " the end of the day was near", " and", ".", " 🦊 € naïve"]


def post(stack: Stack, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack.key}"}
    answer = httpx.post(f"{stack.base_url}{path}", json={"model": "pico", **body}, headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    parsed: dict[str, Any] = answer.json()
    return parsed


@pytest.mark.parametrize("prompt", ["In the beginning", LONG, LONG[:-1], "x"], ids=["short", "long-with-space", "long", "one-token"])
def test_scores_are_the_values_of_an_echo(stack: Stack, prompt: str) -> None:
    scored = post(stack, "/score", {"prompt": prompt, "continuations": WORDS, "logprobs": 3})
    prefix = post(stack, "/tokenize", {"prompt": prompt.rstrip()})["tokens"]
    for result in scored["results"]:
        echo = post(stack, "/completions", {"prompt": prefix + result["token_ids"], "max_tokens": 0, "echo": True, "logprobs": 3})
        lists = echo["choices"][0]["logprobs"]
        for name in ("token_logprobs", "token_ids", "token_ranks", "tokens", "top_token_ids", "top_logprobs"):
            assert result[name] == lists[name][len(prefix) :], name
        assert result["sum_logprob"] == pytest.approx(sum(result["token_logprobs"]))
        best = [entries[0][1] for entries in result["top_token_ids"]]
        assert result["is_greedy"] == (result["token_logprobs"] == best)
    assert scored["usage"]["prompt_tokens"] == len(prefix) + sum(len(result["token_ids"]) for result in scored["results"])
    assert scored["results"][0]["token_logprobs"] == scored["results"][3]["token_logprobs"]


@pytest.mark.parametrize("extra", range(4))
def test_a_prefix_of_whole_cache_blocks_is_scored_right_cold_and_hot(stack: Stack, extra: int) -> None:
    """Where a cached block ends exactly at, before or behind the prompt's end."""
    prefix = [0, *([300, 301, 302, 303] * 24)][: 95 + extra]
    body = {"prompt": prefix, "continuations": [[310, 311, 312], [313], [310, 311, 9], [*[314] * 40]], "logprobs": 0}
    cold, hot = post(stack, "/score", body), post(stack, "/score", body)
    assert cold["results"] == hot["results"]
    for result in cold["results"]:
        echo = post(stack, "/completions", {"prompt": prefix + result["token_ids"], "max_tokens": 0, "echo": True, "logprobs": 0})
        assert result["token_logprobs"] == echo["choices"][0]["logprobs"]["token_logprobs"][len(prefix) :]
