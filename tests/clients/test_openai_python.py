"""openai-python, its last 2.x and the 3.x of the project's own environment, sees the same service."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Clients

PROMPT = "In the beginning"


@pytest.fixture(scope="module", params=["openai-2", "of the project"])
def seen(request: pytest.FixtureRequest, clients: Clients) -> Any:
    own = Path(sys.executable).parents[1]
    return clients.drive(str(own) if request.param == "of the project" else request.param, "openai_python")


def test_the_versions_are_two(seen: Any, request: pytest.FixtureRequest) -> None:
    major = "2." if "openai-2" in request.node.name else "3."
    assert seen["version"].startswith(major)


def test_a_whole_answer_has_text_usage_and_a_request_id(seen: Any) -> None:
    whole = seen["whole"]
    assert whole["choices"][0]["text"].strip()
    assert whole["choices"][0]["finish_reason"] == "length"
    assert whole["usage"]["completion_tokens"] == 12
    assert seen["request_id"]


def test_a_stream_adds_up_to_the_whole_answer(seen: Any) -> None:
    *chunks, last = seen["stream"]
    whole = seen["whole"]["choices"][0]
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == whole["text"]
    values = [value for chunk in chunks if (logprobs := chunk["choices"][0]["logprobs"]) for value in logprobs["token_logprobs"]]
    assert values == whole["logprobs"]["token_logprobs"]
    assert (last["choices"], last["usage"]) == ([], seen["whole"]["usage"])


def test_echo_has_the_prompt_in_text_and_lists(seen: Any) -> None:
    echo, whole = seen["echo"], seen["whole"]
    choice = echo["choices"][0]
    assert choice["text"] == PROMPT + whole["choices"][0]["text"]
    lists = [choice["logprobs"][name] for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset")]
    assert {len(one) for one in lists} == {echo["usage"]["prompt_tokens"] + 12}
    assert [index for index, value in enumerate(choice["logprobs"]["token_logprobs"]) if value is None] == [0]


def test_no_tokens_may_be_asked_for_and_the_prompt_is_scored(seen: Any) -> None:
    only, echo = seen["echo_only"], seen["echo"]
    assert only["usage"]["completion_tokens"] == 0
    assert only["choices"][0]["text"] == PROMPT
    count = only["usage"]["prompt_tokens"]
    assert only["choices"][0]["logprobs"]["token_logprobs"] == echo["choices"][0]["logprobs"]["token_logprobs"][:count]


def test_errors_have_the_class_code_and_parameter(seen: Any) -> None:
    told = {name: (one["class"], one["code"], one["param"]) for name, one in seen["errors"].items()}
    assert told == {
        "value": ("BadRequestError", "invalid_value", "temperature"),
        "model": ("NotFoundError", "model_not_found", "model"),
        "length": ("BadRequestError", "context_length_exceeded", "max_tokens"),
        "unknown": ("BadRequestError", "unknown_parameter", "max_token"),
    }
    assert "did you mean" in seen["errors"]["unknown"]["message"].lower()
    assert seen["no_key"]["class"] == "AuthenticationError"
