"""vLLM's own load generator, `vllm bench serve`, from the project's environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from router.catalogue import EMBEDDED
from tests.clients.conftest import DRIVERS, Clients

PROMPTS, PROMPT_TOKENS, NEW_TOKENS = 20, 48, 24


def serve(clients: Clients, folder: Path, *more: str) -> Any:
    """What `vllm bench serve` says of as many random prompts at once."""
    settings = {
        "backend": "openai",
        "base-url": clients.stack.base_url.removesuffix("/v1"),
        "endpoint": "/v1/completions",
        "model": "pico",
        "tokenizer": str(EMBEDDED / "pico"),
        "dataset-name": "random",
        "random-input-len": str(PROMPT_TOKENS),
        "random-output-len": str(NEW_TOKENS),
        "num-prompts": str(PROMPTS),
        "result-dir": str(folder),
        "result-filename": "result.json",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-P", str(DRIVERS / "vllm_bench.py"), *options]
    clients.run([*command, "--ignore-eos", "--save-result", "--save-detailed", *more], seconds=240)
    return json.loads((folder / "result.json").read_text())


@pytest.mark.timeout(300)
def test_every_request_finishes_with_all_its_tokens(clients: Clients, tmp_path: Path) -> None:
    result = serve(clients, tmp_path)
    assert (result["completed"], result["failed"]) == (PROMPTS, 0)
    assert result["output_lens"] == [NEW_TOKENS] * PROMPTS


@pytest.mark.timeout(300)
def test_with_logprobs_each_token_comes_in_a_chunk_of_its_own(clients: Clients, tmp_path: Path) -> None:
    result = serve(clients, tmp_path, "--logprobs", "1")
    assert (result["completed"], result["failed"]) == (PROMPTS, 0)
    assert [len(gaps) for gaps in result["itls"]] == [NEW_TOKENS - 1] * PROMPTS
