"""vLLM's own load generator, `vllm bench serve`, from the project's environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from router.catalogue import EMBEDDED
from tests.clients.conftest import Clients

PROMPTS, PROMPT_TOKENS, NEW_TOKENS = 20, 48, 24


@pytest.fixture(scope="module")
def result(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("bench") / "result.json"
    settings = {
        **{"backend": "openai", "endpoint": "/v1/completions", "model": "pico", "tokenizer": str(EMBEDDED / "pico")},
        **{"base-url": clients.stack.base_url.removesuffix("/v1"), "dataset-name": "random", "num-prompts": str(PROMPTS)},
        **{"random-input-len": str(PROMPT_TOKENS), "random-output-len": str(NEW_TOKENS), "request-rate": "inf"},
        **{"result-dir": str(file.parent), "result-filename": file.name},
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    vllm = str(Path(sys.executable).with_name("vllm"))
    clients.run([vllm, "bench", "serve", *options, "--ignore-eos", "--save-result", "--save-detailed"], seconds=240)
    return json.loads(file.read_text())


@pytest.mark.timeout(300)
def test_every_request_finishes_with_all_its_tokens(result: Any) -> None:
    assert (result["completed"], result["failed"]) == (PROMPTS, 0)
    assert result["output_lens"] == [NEW_TOKENS] * PROMPTS


def test_each_token_came_in_a_chunk_of_its_own(result: Any) -> None:
    assert [len(gaps) for gaps in result["itls"]] == [NEW_TOKENS - 1] * PROMPTS
    assert all(first > 0 for first in result["ttfts"])
