"""langchain-openai's class for completions."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.clients.conftest import Clients

PROMPTS = ["In the beginning", "And the Lord said unto"]


@pytest.fixture(scope="module")
def seen(clients: Clients) -> Any:
    return clients.drive("langchain", "langchain")


@pytest.fixture(scope="module")
def answers(clients: Clients) -> list[openai.types.Completion]:
    sdk = clients.stack.client()
    return [sdk.completions.create(model="pico", prompt=prompt, max_tokens=12, temperature=0, logprobs=2) for prompt in PROMPTS]


def test_one_prompt_a_stream_and_a_batch_have_the_services_text(seen: Any, answers: list[openai.types.Completion]) -> None:
    texts = [answer.choices[0].text for answer in answers]
    assert seen["one"] == "".join(seen["stream"]) == texts[0]
    assert seen["batch"] == texts


def test_a_stop_string_cuts_the_text(seen: Any, answers: list[openai.types.Completion]) -> None:
    assert seen["stopped"] == answers[0].choices[0].text.split("the")[0]


def test_logprobs_arrive_as_they_were_sent(seen: Any, answers: list[openai.types.Completion]) -> None:
    logprobs = answers[0].choices[0].logprobs
    assert logprobs is not None
    assert seen["scored"] == logprobs.token_logprobs


def test_several_samples_of_several_prompts_come_in_order_with_their_usage(seen: Any, answers: list[openai.types.Completion]) -> None:
    sdk_usage = [answer.usage.prompt_tokens for answer in answers if answer.usage]
    assert [len(one) for one in seen["generated"]] == [2, 2]
    assert len({text for one in seen["generated"] for text in one}) == 4
    assert seen["usage"]["prompt_tokens"] == sum(sdk_usage)
    assert seen["usage"]["completion_tokens"] == 4 * 12


def test_a_refusal_tells_the_services_reason(seen: Any) -> None:
    assert seen["error"].startswith("BadRequestError")
    assert "temperature" in seen["error"]
