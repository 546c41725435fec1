"""lm-eval's `local-completions` says of the service what its own `hf` backend says of the same weights.

Both run pico in float32. A value is the sum of the logprobs of a whole continuation: of 1 to 9 tokens in `next_words`, of 32 to
47 in `whole_texts`.
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
REQUESTS = {"next_words": 96, "whole_texts": 6, "continued": 11}
#: Each way of asking the service, with the way of asking `hf` for the same.
PAIRS = [("ids", "hf"), ("text", "hf with BOS")]


@pytest.fixture(scope="module")
def seen(clients: Clients) -> Any:
    """What each request was answered, by run and task. A text gets its BOS from lm-eval, which the service does not double."""
    root = clients.stack.base_url.removesuffix("/v1") + "/m/pico"
    service = {"model": "pico", "base_url": f"{root}/v1/completions", "auth_token": clients.stack.key, "max_length": 2048}
    local = {**service, "tokenizer_backend": "huggingface", "tokenizer": PICO}
    remote = {**service, "tokenizer_backend": "remote", "custom_prefix_token_id": 0}  # lm-eval takes a BOS of id 0 for none
    hf = {"pretrained": PICO, "device": "cpu", "max_length": 2048, "dtype": "float32", "add_bos_token": False}
    runs = {
        "ids": ("local-completions", {**local, "tokenized_requests": True, "batch_size": 4}, ALL),
        "text": ("local-completions", {**local, "tokenized_requests": False, "add_bos_token": True, "num_concurrent": 4}, ALL),
        "256 at once": ("local-completions", {**remote, "num_concurrent": 256}, ["many", "whole_texts", "continued"]),
        "hf": ("hf", hf, ALL),
        "hf with BOS": ("hf", {**hf, "add_bos_token": True}, ALL),
    }
    spec = {name: {"model": model, "settings": settings, "tasks": tasks} for name, (model, settings, tasks) in runs.items()}
    return clients.drive("lm-eval", "lm_eval", json.dumps(spec), seconds=550, cwd=Path(__file__).parent / "lm_eval_tasks")


def logprob(answer: Any) -> float:
    """A request of a multiple choice is answered (logprob, is_greedy), one of a whole text the logprob alone."""
    return float(answer[0] if isinstance(answer, list) else answer)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("task", SCORED)
@pytest.mark.parametrize(("run", "reference"), PAIRS)
def test_loglikelihoods_are_those_of_the_hf_backend(seen: Any, run: str, reference: str, task: str) -> None:
    ours, theirs = ([logprob(answer) for answer in seen[one][task]] for one in (run, reference))
    assert len(ours) == REQUESTS[task]
    assert ours == pytest.approx(theirs, rel=0, abs=0.001)


@pytest.mark.parametrize(("run", "reference"), PAIRS)
def test_what_is_greedy_is_greedy_for_the_hf_backend(seen: Any, run: str, reference: str) -> None:
    ours, theirs = ([greedy for _, greedy in seen[one]["next_words"]] for one in (run, reference))
    assert ours == theirs
    assert set(ours) == {True, False}


@pytest.mark.parametrize(("run", "reference"), PAIRS)
def test_greedy_text_is_that_of_the_hf_backend(seen: Any, run: str, reference: str) -> None:
    assert len(seen[run]["continued"]) == REQUESTS["continued"]
    assert seen[run]["continued"] == seen[reference]["continued"]


def test_many_at_once_over_the_remote_tokenizer_are_answered_the_same(seen: Any) -> None:
    assert seen["256 at once"]["many"] == 3 * seen["ids"]["next_words"]
    assert seen["256 at once"]["whole_texts"] == seen["ids"]["whole_texts"]
    assert seen["256 at once"]["continued"] == seen["ids"]["continued"]
