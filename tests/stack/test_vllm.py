"""Against vLLM's own server on the same weights: equal text, tokens, values, usage and endings, parameter by parameter.

Drawn tokens cannot be compared (the seeds run through another generator), so every row decides its tokens: greedy, or
sampling that leaves one candidate. DIFFERENCES lists where the two disagree and why ours is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from router.catalogue import EMBEDDED
from router.tokens import Vocabulary
from tests.cluster import Stack
from tests.stack.vllm_server import vllm_server

pytestmark = pytest.mark.stack

VOCABULARY = Vocabulary.load(str(EMBEDDED / "pico"))
PROMPTS: list[Any] = ["In the beginning", "def main(", "naïve 🦊 €5", [0, 300, 301, 302], ["The sea", "A tale of"]]
GREEDY: dict[str, Any] = {"temperature": 0, "max_tokens": 12}
GRID: list[dict[str, Any]] = [
    {},
    {"max_tokens": 1},
    {"max_tokens": 64},
    {"temperature": 1, "top_k": 1},
    {"temperature": 1, "top_p": 1e-6},
    {"temperature": 1, "min_p": 1},
    {"temperature": 2, "top_k": 1, "seed": 5},
    {"presence_penalty": 2},
    {"presence_penalty": -2},
    {"frequency_penalty": 1.5, "max_tokens": 40},
    {"repetition_penalty": 1.7, "max_tokens": 40},
    {"repetition_penalty": 0.5},
    {"logit_bias": {"300": 100}},
    {"logit_bias": {"300": -100, "301": 5.5, "1": 3}},
    {"min_tokens": 10, "logit_bias": {"1": 50}},
    {"logit_bias": {"1": 100}},
    {"logit_bias": {"1": 100}, "ignore_eos": True},
    {"logit_bias": {"1": 100}, "skip_special_tokens": False, "ignore_eos": True},
    {"stop": "e"},
    {"stop": ["zzz", " the", "a"]},
    {"stop": ["e"], "include_stop_str_in_output": True},
    {"stop": ["e"], "min_tokens": 6},
    {"stop_token_ids": [263, 264, 265, 300], "logit_bias": {"300": 100}},
    {"stop_token_ids": [300], "logit_bias": {"300": 100}, "include_stop_str_in_output": True},
    {"add_special_tokens": False},
    {"echo": True},
    {"user": "somebody"},
]
LOGPROBS: list[dict[str, Any]] = [
    *({"logprobs": None}, {"logprobs": 0}, {"logprobs": 5}),
    *({"logprobs": 3, "echo": True}, {"prompt_logprobs": 2}),
]

#: Where the answers differ by design: what, what vLLM does, and what ours does instead.
DIFFERENCES = {
    "tokens that are no text alone": ("spelt '\ufffd' or '', so top_logprobs loses entries", "spelt by their bytes, every entry kept"),
    "bytes that are no text": ("held back, and lost at the end", "one U+FFFD for each maximal run"),
    "text_offset": ("sums of the spellings' lengths, which drift from the text", "places in the text itself"),
    "echo": ("the text of a prompt is left out, and the BOS of one of ids is text", "the echo is the caller's prompt"),
    "echo with logprobs": ("prompt_logprobs too, which nobody asked for", "null"),
    "temperature 0 with n > 1": ("refused", "n equal choices"),
    "max_tokens 0, streamed prompt_logprobs, best_of": ("refused or ignored", "done"),
    "ranks of equal values": ("ties count against every token", "the place among the k likeliest, where the token is one of them"),
}


@pytest.fixture(scope="module")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with vllm_server("pico", tmp_path_factory.mktemp("vllm") / "log") as base, httpx.Client(base_url=base, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def ours(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.base_url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=60) as client:
        yield client


def ask(client: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/completions", json={"model": "pico", "return_token_ids": True, **GREEDY, **body})
    assert answer.status_code == 200, (body, answer.text)
    parsed: dict[str, Any] = answer.json()
    return parsed


@pytest.mark.parametrize("row", GRID, ids=str)
def test_every_parameter_does_what_it_does_in_vllm(vllm: httpx.Client, ours: httpx.Client, row: dict[str, Any]) -> None:
    turn = GRID.index(row) % len(PROMPTS)
    for prompt, logprobs in zip(PROMPTS, [*LOGPROBS[turn:], *LOGPROBS[:turn]], strict=True):
        body = {"prompt": prompt, **row, **logprobs}
        compare(ask(vllm, body), ask(ours, body), body)


def compare(theirs: dict[str, Any], mine: dict[str, Any], body: dict[str, Any]) -> None:
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert mine["usage"][name] == theirs["usage"][name], (name, body)
    assert len(mine["choices"]) == len(theirs["choices"])
    for my_choice, their_choice in zip(mine["choices"], theirs["choices"], strict=True):
        for name in ("index", "finish_reason", "stop_reason", "token_ids", "prompt_token_ids"):
            assert my_choice[name] == their_choice[name], (name, body)
        if "\ufffd" not in my_choice["text"]:
            assert my_choice["text"] == text_of(their_choice, body, echoed(body, my_choice["index"])), body
        compare_values(my_choice, their_choice, body)


def text_of(choice: dict[str, Any], body: dict[str, Any], prompt: str) -> str:
    """Their text; where an echo was asked, behind the prompt as it was sent, which they may spell otherwise or leave out."""
    text: str = choice["text"]
    return prompt + text.removeprefix(prompt).removeprefix("<|begin_of_text|>").removeprefix(prompt) if body.get("echo") else text


def echoed(body: dict[str, Any], index: int) -> str:
    """The text of the choice's prompt."""
    prompt = body["prompt"]
    if isinstance(prompt, list) and isinstance(prompt[0], str):
        return str(prompt[index])
    skip = body.get("skip_special_tokens", True)
    return prompt if isinstance(prompt, str) else VOCABULARY.decode([one for one in prompt if not (skip and VOCABULARY.is_special(one))])


def compare_values(mine: dict[str, Any], theirs: dict[str, Any], body: dict[str, Any]) -> None:
    assert (mine["logprobs"] is None) == (theirs["logprobs"] is None), body
    if mine["logprobs"] is not None:
        assert near(mine["logprobs"]["token_logprobs"]) == theirs["logprobs"]["token_logprobs"], body
    assert (mine["prompt_logprobs"] is None) == ("prompt_logprobs" not in body), body
    asked = theirs["prompt_logprobs"] if "prompt_logprobs" in body else []
    for my_row, their_row in zip(mine["prompt_logprobs"] or (), asked, strict=True):
        assert (my_row is None) == (their_row is None)
        if my_row is not None:
            assert next(iter(my_row)) == next(iter(their_row))
            assert values_of(my_row) == near(values_of(their_row))


def values_of(row: dict[str, Any]) -> dict[str, float]:
    return {key: entry["logprob"] for key, entry in row.items()}


def near(values: Any) -> Any:
    """Their last projection adds up in another order for each number of rows: up to 3e-6."""
    if isinstance(values, dict):
        return {key: near(value) for key, value in values.items()}
    if isinstance(values, list):
        return [near(value) for value in values]
    return values if values is None else pytest.approx(values, abs=1e-5)
