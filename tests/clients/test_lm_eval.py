"""lm-eval's `local-completions` says of the service what its own `hf` backend says of the same weights.

The service runs the last matrix in float32, all else in bfloat16. `hf` is asked in that mixture, which is held to closely, and in
plain bfloat16, whose logits are rounded to three significant digits: there a value may be off by half a step of bfloat16.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from router.catalogue import EMBEDDED
from tests.clients.conftest import Clients

PICO = str(EMBEDDED / "pico")
SCORED, ALL = ["next_words", "whole_texts"], ["next_words", "whole_texts", "continued"]


@pytest.fixture(scope="module")
def seen(clients: Clients) -> Any:
    root = clients.stack.base_url.removesuffix("/v1") + "/m/pico"
    service = {"model": "pico", "base_url": f"{root}/v1/completions", "auth_token": clients.stack.key, "max_length": 2048}
    local = {**service, "tokenizer_backend": "huggingface", "tokenizer": PICO}
    hf = {"pretrained": PICO, "device": "cpu", "max_length": 2048}
    runs = {
        "ids": ("local-completions", {**local, "tokenized_requests": True}, ALL),
        "text": ("local-completions", {**local, "tokenized_requests": False, "add_bos_token": True, "num_concurrent": 4}, ALL),
        "256 at once": ("local-completions", {**service, "tokenizer_backend": "remote", "num_concurrent": 256}, ["many", "continued"]),
        "hf": ("hf, float32 head", {**hf, "add_bos_token": False}, ALL),
        "hf with BOS": ("hf, float32 head", {**hf, "add_bos_token": True}, ALL),
        "hf bfloat16": ("hf", {**hf, "add_bos_token": False, "dtype": "bfloat16", "softmax_dtype": "float32"}, SCORED),
    }
    spec = {name: {"model": model, "settings": settings, "tasks": tasks} for name, (model, settings, tasks) in runs.items()}
    return clients.drive("lm-eval", "lm_eval", json.dumps(spec), seconds=500, cwd=Path(__file__).parent / "lm_eval_tasks")


def values(seen: Any, run: str, task: str) -> list[float]:
    """The logprobs that lm-eval summed up, one a request."""
    return [answer[0] if isinstance(answer, list) else answer for answer in seen[run][task]["answers"]]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("task", SCORED)
@pytest.mark.parametrize(("run", "reference"), [("ids", "hf"), ("text", "hf with BOS")])
def test_loglikelihoods_are_those_of_the_hf_backend(seen: Any, run: str, reference: str, task: str) -> None:
    assert len(values(seen, run, task)) == {"next_words": 96, "whole_texts": 6}[task]
    assert values(seen, run, task) == pytest.approx(values(seen, reference, task), rel=0.002, abs=0.02)


@pytest.mark.parametrize("task", SCORED)
def test_they_are_near_those_of_plain_bfloat16(seen: Any, task: str) -> None:
    assert values(seen, "ids", task) == pytest.approx(values(seen, "hf bfloat16", task), rel=0.005, abs=0.1)


@pytest.mark.parametrize(("run", "reference"), [("ids", "hf"), ("text", "hf with BOS")])
def test_what_is_greedy_is_greedy_for_the_hf_backend(seen: Any, run: str, reference: str) -> None:
    greedy = [[answer[1] for answer in seen[one]["next_words"]["answers"]] for one in (run, reference)]
    assert greedy[0] == greedy[1]
    assert True in greedy[0]
    assert seen[run]["next_words"]["metrics"]["acc,none"] == seen[reference]["next_words"]["metrics"]["acc,none"]


@pytest.mark.parametrize(("run", "reference"), [("ids", "hf"), ("text", "hf with BOS")])
def test_greedy_text_is_that_of_the_hf_backend(seen: Any, run: str, reference: str) -> None:
    assert seen[run]["continued"]["answers"] == seen[reference]["continued"]["answers"]


def test_many_at_once_over_the_remote_tokenizer_are_answered_the_same(seen: Any) -> None:
    assert seen["256 at once"]["many"]["answers"] == 3 * seen["ids"]["next_words"]["answers"]
    assert seen["256 at once"]["continued"]["answers"] == seen["ids"]["continued"]["answers"]
