"""litellm as a client of the service (not as a proxy before it)."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.clients.conftest import Clients

PROMPT = "In the beginning"


@pytest.fixture(scope="module")
def seen(clients: Clients) -> Any:
    return clients.drive("litellm", "litellm")


@pytest.fixture(scope="module")
def answer(clients: Clients) -> openai.types.Completion:
    return clients.stack.client().completions.create(model="pico", prompt=PROMPT, max_tokens=12, temperature=0, logprobs=3)


def test_a_whole_answer_and_a_stream_have_the_services_text(seen: Any, answer: openai.types.Completion) -> None:
    assert seen["whole"]["choices"][0]["text"] == "".join(seen["stream"]) == answer.choices[0].text
    assert answer.usage is not None
    assert seen["whole"]["usage"]["total_tokens"] == answer.usage.total_tokens


def test_logprobs_arrive_as_they_were_sent(seen: Any, answer: openai.types.Completion) -> None:
    assert answer.choices[0].logprobs is not None
    assert seen["whole"]["choices"][0]["logprobs"]["token_logprobs"] == answer.choices[0].logprobs.token_logprobs


def test_token_ids_go_in_and_come_out(seen: Any) -> None:
    choice = seen["ids"]["choices"][0]
    assert choice["prompt_token_ids"] == [5, 6, 7]
    assert len(choice["token_ids"]) == 12


def test_the_fields_of_vllm_pass_through(seen: Any) -> None:
    choice = seen["scored"]["choices"][0]
    echoed = choice["logprobs"]["token_logprobs"][:-1]
    prompt = [None if row is None else next(iter(row.values()))["logprob"] for row in choice["prompt_logprobs"]]
    assert echoed[0] is None
    assert prompt == echoed


def test_a_refusal_tells_the_services_reason(seen: Any) -> None:
    assert seen["error"]["class"] == "BadRequestError"
    assert "temperature" in seen["error"]["message"]
    assert seen["unknown"]["class"] == "NotFoundError"
