"""Serve's controller and the gateway killed on the real stack: streams go on, and cold models are cold, never unknown."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from basemodel.cluster.processes import marked, title
from tests.cluster import Stack, eventually
from tests.stack.sleepers import BOOT_SECONDS, IDLE_SECONDS
from tests.stack.test_updates import Streams

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

CONTROLLER, GATEWAY = "ray::ServeController", "ray::ServeReplica:gateway:Gateway"
ASLEEP_SECONDS = IDLE_SECONDS + 30


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.base_url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=60) as client:
        eventually(lambda: client.get("/models/dozer").json()["state"] == "cold", ASLEEP_SECONDS)
        yield client


def ask(api: httpx.Client) -> httpx.Response:
    return api.post("/completions", json={"model": "dozer", "prompt": "The", "max_tokens": 4})


def process(stack: Stack, name: str) -> psutil.Process:
    return next(one for one in marked(stack.home) if title(one).startswith(name))


def replaced(stack: Stack, name: str, old: psutil.Process) -> None:
    eventually(lambda: any(title(one).startswith(name) and one.pid != old.pid for one in marked(stack.home)), 60)


def answers(api: httpx.Client) -> bool:
    """Whether the model is awake; until then it may only say that it boots."""
    answer = ask(api)
    assert answer.status_code == 200 or answer.json()["error"]["code"] == "cold_boot", answer.text
    return answer.status_code == 200


def test_streams_outlast_the_controller_and_a_cold_model_boots_after_it(stack: Stack, api: httpx.Client) -> None:
    streams, victim = Streams(stack, "pico", 2), process(stack, CONTROLLER)
    victim.kill()
    first = ask(api)
    assert (first.status_code, first.json()["error"]["code"]) == (503, "cold_boot")
    assert first.headers["retry-after"]
    began = time.monotonic()
    eventually(lambda: answers(api), BOOT_SECONDS)
    print(f"awake after {time.monotonic() - began:.1f} s")
    assert streams.ended_whole()
    replaced(stack, CONTROLLER, victim)


def test_a_gateway_that_was_killed_knows_its_cold_models_again(stack: Stack, api: httpx.Client) -> None:
    victim = process(stack, GATEWAY)
    victim.kill()
    replaced(stack, GATEWAY, victim)
    eventually(lambda: answers(api), BOOT_SECONDS)
