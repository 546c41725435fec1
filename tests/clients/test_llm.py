"""simonw/llm, with the model in extra-openai-models.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import openai
import pytest
import yaml

from tests.clients.conftest import ENVIRONMENTS, Clients

PROMPT = "In the beginning"
OPTIONS = ["-o", "max_tokens", "12", "-o", "temperature", "0", "-o", "logprobs", "3"]


@pytest.fixture(scope="module")
def folder(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("llm")
    model = {"model_id": "pico-base", "model_name": "pico", "api_base": clients.stack.base_url, "completion": True}
    (made / "extra-openai-models.yaml").write_text(yaml.safe_dump([{**model, "api_key_name": "basemodel"}]))
    (made / "keys.json").write_text(json.dumps({"basemodel": clients.stack.key}))
    return made


def ask(clients: Clients, folder: Path, *arguments: str) -> str:
    return clients.run([str(ENVIRONMENTS / "llm" / "bin" / "llm"), *arguments], LLM_USER_PATH=str(folder))


@pytest.fixture(scope="module")
def answer(clients: Clients) -> openai.types.Completion:
    return clients.stack.client().completions.create(model="pico", prompt=PROMPT, max_tokens=12, temperature=0, logprobs=3)


@pytest.mark.parametrize("mode", [[], ["--no-stream"]])
def test_a_prompt_is_continued(clients: Clients, folder: Path, answer: openai.types.Completion, mode: list[str]) -> None:
    said = ask(clients, folder, "-m", "pico-base", "--log", *mode, *OPTIONS, PROMPT)
    assert said == answer.choices[0].text + "\n"


def test_its_log_has_the_logprobs(clients: Clients, folder: Path, answer: openai.types.Completion) -> None:
    ask(clients, folder, "-m", "pico-base", "--log", *OPTIONS, PROMPT)
    logged = json.loads(ask(clients, folder, "logs", "--json", "-n", "1"))[0]["response_json"]
    assert answer.choices[0].logprobs is not None
    assert [row["top_logprobs"][0] for row in logged["logprobs"]] == answer.choices[0].logprobs.top_logprobs
