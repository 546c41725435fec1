"""openai-node, on a Node.js of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.conftest import DRIVERS, ENVIRONMENTS, Clients

FOLDER = ENVIRONMENTS / "openai-node"


@pytest.fixture(scope="module")
def seen(clients: Clients) -> Any:
    command = [str(FOLDER / "bin" / "node"), str(DRIVERS / "openai_node.cjs")]
    return json.loads(clients.run(command, NODE_PATH=str(FOLDER / "node_modules")))


def test_a_whole_answer_has_text_usage_and_a_request_id(seen: Any) -> None:
    assert seen["whole"]["choices"][0]["text"].strip()
    assert seen["whole"]["usage"]["completion_tokens"] == 12
    assert seen["request_id"]


def test_a_stream_adds_up_to_the_whole_answer(seen: Any) -> None:
    *chunks, last = seen["stream"]
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == seen["whole"]["choices"][0]["text"]
    assert (last["choices"], last["usage"]) == ([], seen["whole"]["usage"])


def test_echo_has_the_prompt_in_text_and_lists(seen: Any) -> None:
    choice = seen["echo"]["choices"][0]
    assert choice["text"] == "In the beginning" + seen["whole"]["choices"][0]["text"]
    assert len(choice["logprobs"]["token_logprobs"]) == seen["echo"]["usage"]["total_tokens"]
    assert choice["logprobs"]["token_logprobs"][0] is None


def test_errors_have_the_class_code_and_parameter(seen: Any) -> None:
    told = {name: tuple(seen[name][part] for part in ("class", "status", "code", "param")) for name in ("value", "model", "key")}
    assert told == {
        "value": ("BadRequestError", 400, "invalid_value", "temperature"),
        "model": ("NotFoundError", 404, "model_not_found", "model"),
        "key": ("AuthenticationError", 401, "invalid_api_key", None),
    }
    assert "temperature" in seen["value"]["message"]
