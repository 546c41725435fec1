"""A changed config under load: no running stream drops, and no other model restarts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import yaml

from tests.cluster import Stack, eventually, run_basemodel

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

APPLY_SECONDS = 120
TOKENS = 1500

Change = Callable[[dict[str, Any], list[dict[str, Any]]], None]


class Changes:
    """Applies changes to the config of the stack, each from the one it began with."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack, self._path = stack, folder / "serve_config.yaml"
        self._first = (stack.sleepers / "serve_config.yaml").read_text()

    def apply(self, *changes: Change) -> None:
        content = yaml.safe_load(self._first)
        for change in changes:
            change(content, content["applications"][0]["deployments"][0]["user_config"]["models"])
        self._path.write_text(yaml.safe_dump(content))
        done = run_basemodel(["apply", "--config", str(self._path), "--json"], self._stack.environment, APPLY_SECONDS)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def changes(stack: Stack, tmp_path: Path) -> Iterator[Changes]:
    one = Changes(stack, tmp_path)
    yield one
    one.apply()


def spec_of(models: list[dict[str, Any]], model: str) -> dict[str, Any]:
    return next(one for one in models if one["id"] == model)


def app_of(content: dict[str, Any], model: str) -> dict[str, Any]:
    return next(dict(one) for one in content["applications"] if one["name"] == f"model-{model}")


def add(content: dict[str, Any], models: list[dict[str, Any]]) -> None:
    spec = {**spec_of(models, "nano"), "id": "newcomer"}
    models.append(spec)
    content["applications"].append({**app_of(content, "nano"), "name": "model-newcomer", "args": spec})


def remove(content: dict[str, Any], models: list[dict[str, Any]]) -> None:
    models.remove(spec_of(models, "micro"))
    content["applications"] = [one for one in content["applications"] if one["name"] != "model-micro"]


def alter(model: str, **fields: Any) -> Change:
    def change(content: dict[str, Any], models: list[dict[str, Any]]) -> None:
        for spec in (spec_of(models, model), next(one for one in content["applications"] if one["name"] == f"model-{model}")["args"]):
            spec.update(fields)

    return change


def roll(number: int) -> Change:
    def change(content: dict[str, Any], models: list[dict[str, Any]]) -> None:
        content["applications"][0]["deployments"][0]["ray_actor_options"] = {"num_cpus": 0.1 + number / 100}

    return change


class Streams:
    """Streams of a model that run while something else happens."""

    def __init__(self, stack: Stack, model: str, count: int) -> None:
        self.begun = threading.Semaphore(0)
        self.made: list[int] = []
        self._threads = [threading.Thread(target=self._run, args=(stack, model)) for _ in range(count)]
        for thread in self._threads:
            thread.start()
        for _ in self._threads:
            assert self.begun.acquire(timeout=90)

    def _run(self, stack: Stack, model: str) -> None:
        tokens = 0
        body = {"ignore_eos": True, "return_token_ids": True}
        for chunk in stack.client(timeout=280).completions.create(
            model=model, prompt="The", max_tokens=TOKENS, stream=True, seed=1, extra_body=body
        ):
            tokens += len(chunk.choices[0].token_ids or [])  # type: ignore[attr-defined]
            if tokens and tokens == len(chunk.choices[0].token_ids or []):  # type: ignore[attr-defined]
                self.begun.release()
        self.made.append(tokens)

    def ended_whole(self) -> bool:
        for thread in self._threads:
            thread.join(timeout=240)
        return self.made == [TOKENS] * len(self._threads)


def complete(stack: Stack, model: str) -> str:
    request = {"model": model, "prompt": "The", "max_tokens": 4, "extra_body": {"ignore_eos": True}}
    return stack.client(timeout=120).completions.create(**request).choices[0].text  # type: ignore[call-overload,no-any-return]


def pid(stack: Stack, model: str) -> int:
    found = stack.host(model)
    assert found is not None
    return found.pid


def test_models_come_go_and_change_and_no_other_one_notices(stack: Stack, changes: Changes) -> None:
    assert complete(stack, "nano")
    before, streams = pid(stack, "pico"), Streams(stack, "pico", 2)
    changes.apply(add, remove, alter("nano", max_logprobs=7))
    assert complete(stack, "newcomer")
    assert complete(stack, "nano")
    with pytest.raises(openai.NotFoundError):
        complete(stack, "micro")
    with pytest.raises(openai.BadRequestError):
        stack.client().completions.create(model="nano", prompt="The", logprobs=8)
    assert streams.ended_whole()
    assert pid(stack, "pico") == before
    changes.apply()
    assert complete(stack, "micro")
    assert pid(stack, "pico") == before


def test_a_model_that_changes_ends_its_streams_in_peace(stack: Stack, changes: Changes) -> None:
    assert complete(stack, "nano")
    before, streams = pid(stack, "nano"), Streams(stack, "nano", 2)
    changes.apply(alter("nano", max_logprobs=7))
    assert streams.ended_whole()
    assert complete(stack, "nano")
    eventually(lambda: stack.host("nano") is not None and pid(stack, "nano") != before, 60)


def test_streams_outlast_gateways(stack: Stack, changes: Changes) -> None:
    before, streams = pid(stack, "pico"), Streams(stack, "pico", 2)
    for number in (1, 2):
        changes.apply(roll(number))
        assert complete(stack, "pico")
    assert streams.ended_whole()
    assert pid(stack, "pico") == before
