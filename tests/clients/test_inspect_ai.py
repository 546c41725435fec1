"""inspect_ai's completions providers and its perplexity scorers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.conftest import Clients

TEXTS = ["In the beginning God created the heaven", "def main():\n    return 0", "Ünïcödé 🙂 and some more words"]
TARGET = " and the earth"


@pytest.fixture(scope="module")
def seen(clients: Clients) -> Any:
    return clients.drive("inspect-ai", "inspect_ai", json.dumps(TEXTS), seconds=200)


def echoed(clients: Clients, text: str) -> list[float]:
    """The service's own logprobs of the text, its first token left out."""
    answer = clients.stack.client().completions.create(model="pico", prompt=text, max_tokens=1, echo=True, logprobs=0)
    assert answer.choices[0].logprobs is not None
    assert answer.choices[0].logprobs.token_logprobs is not None
    return [value for value in answer.choices[0].logprobs.token_logprobs[:-1] if value is not None]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("run", ["perplexity", "several"])
def test_perplexity_is_that_of_the_prompts_own_tokens(clients: Clients, seen: Any, run: str) -> None:
    values = [echoed(clients, text) for text in TEXTS]
    assert [one["num_tokens"] for one in seen[run]] == [len(one) for one in values]
    assert [one["sum_log_probs"] for one in seen[run]] == pytest.approx([sum(one) for one in values], rel=1e-12)


def test_a_targets_perplexity_is_that_of_the_last_tokens(clients: Clients, seen: Any) -> None:
    sums = [sum(echoed(clients, text + TARGET)[-3:]) for text in TEXTS]
    assert [one["sum_log_probs"] for one in seen["target"]] == pytest.approx(sums, rel=1e-12)


def test_the_provider_for_vllm_counts_a_targets_tokens_by_tokenize(clients: Clients, seen: Any) -> None:
    assert {one["num_tokens"] for one in seen["vllm"]} == {3}
    assert seen["vllm"] == seen["target"]
