"""Models that sleep, wake and fail, on the real stack: Serve's autoscaler, real boots of vLLM."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import psutil
import pytest

from basemodel.cluster.processes import marked, title
from deployments import spare
from router.catalogue import EMBEDDED
from tests.cluster import Stack, eventually, run_basemodel
from tests.stack.sleepers import BOOT_SECONDS, IDLE_SECONDS, WEIGHTS, mend
from tests.stack.test_updates import Streams

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

#: After the last work: its idle time, what is looked back at, and the end of the replica.
ASLEEP_SECONDS = IDLE_SECONDS + 30


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.base_url, headers={"Authorization": f"Bearer {stack.key}"}, timeout=120) as client:
        yield client


def card(api: httpx.Client, model: str) -> dict[str, Any]:
    return dict(api.get(f"/models/{model}").json())


def asleep(api: httpx.Client, model: str = "dozer") -> None:
    eventually(lambda: card(api, model)["state"] == "cold", ASLEEP_SECONDS)


def boots(stack: Stack, model: str = "dozer") -> list[dict[str, Any]]:
    done = run_basemodel(["models", "history", model, "--json"], stack.environment, 30)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def ask(api: httpx.Client, model: str = "dozer", **headers: str) -> httpx.Response:
    return api.post("/completions", json={"model": model, "prompt": "The", "max_tokens": 4}, headers=headers)


def test_two_hundred_requests_for_a_cold_model_are_one_boot(stack: Stack, api: httpx.Client) -> None:
    asleep(api)
    before = len(boots(stack))
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: ask(api), range(200)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["error"]["code"] for answer in refused} == {"cold_boot"}
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert {answer.status_code for answer in answers} <= {200, 503}
    eventually(lambda: card(api, "dozer")["state"] == "ready", BOOT_SECONDS)
    made = boots(stack)
    assert len(made) == before + 1
    assert list(made[0]["phases"]) == ["allocating", "loading", "warming"]
    assert made[0]["boot_seconds"] > 0


@pytest.mark.parametrize("turn", range(2))
@pytest.mark.parametrize("model", ["dozer", "plodder"])
def test_the_sdks_default_client_outlasts_a_boot_forked_or_not(stack: Stack, api: httpx.Client, model: str, turn: int) -> None:
    asleep(api, model)
    with openai.OpenAI(base_url=stack.base_url, api_key=stack.key) as client:
        assert client.completions.create(model=model, prompt="The", max_tokens=4, extra_body={"ignore_eos": True}).choices[0].text
    assert boots(stack, model)[0]["how"] == ("spawned" if model == "plodder" else "forked")


def test_a_boot_begins_in_the_spare_worker_and_then_there_is_another(stack: Stack, api: httpx.Client) -> None:
    def spares() -> list[psutil.Process]:
        return [process for process in marked(stack.home) if title(process) == spare.IDLE]

    asleep(api)
    (worker,) = eventually(spares, 30)
    assert ask(api, **{"X-Wait-For-Model": "60"}).status_code == 200
    assert title(worker).startswith("ray::ServeReplica:model-dozer")
    eventually(lambda: [one.pid for one in spares()] not in ([], [worker.pid]), 30)


@pytest.mark.parametrize("model", ["dozer", "plodder"])
def test_a_boot_beside_eight_streams_costs_no_stream_no_replica_and_no_hold(stack: Stack, api: httpx.Client, model: str) -> None:
    asleep(api, model)
    before, streams = family(stack, "pico"), Streams(stack, "pico", 8)
    assert api.post(f"/models/{model}/warm").status_code == 202
    eventually(lambda: card(api, model)["state"] == "ready", BOOT_SECONDS)
    assert streams.ended_whole()
    assert family(stack, "pico") == before
    eventually(lambda: not api.get("/usage").json()["key"]["held"], 5)


def family(stack: Stack, model: str) -> list[int]:
    host = stack.host(model)
    assert host is not None
    return [host.ppid(), host.pid, *(child.pid for child in host.children(recursive=True))]


def test_a_held_stream_hears_of_the_boot_and_then_its_tokens(api: httpx.Client) -> None:
    asleep(api)
    body = {"model": "dozer", "prompt": "The", "max_tokens": 4, "stream": True, "ignore_eos": True}
    text = api.post("/completions", json=body, headers={"X-Wait-For-Model": "60"}).text
    blocks = text.split("\n\n")[:-1]
    assert blocks[0].startswith(": cold_boot phase=")
    assert blocks[-1] == "data: [DONE]"
    assert '"finish_reason":"length"' in text


def test_warming_starts_it_and_the_command_waits_for_it(stack: Stack, api: httpx.Client) -> None:
    asleep(api)
    answer = api.post("/models/dozer/warm")
    assert answer.status_code == 202
    assert answer.json()["state"] in ("starting", "ready")
    done = run_basemodel(["models", "warm", "dozer", "--wait", str(BOOT_SECONDS), "--json"], stack.environment, BOOT_SECONDS + 30)
    assert json.loads(done.stdout)["state"] == "ready", done.stderr


def test_the_operator_stops_a_model_and_the_next_request_starts_it(stack: Stack, api: httpx.Client) -> None:
    assert ask(api, "nano", **{"X-Wait-For-Model": "60"}).status_code == 200
    done = run_basemodel(["models", "stop", "nano"], stack.environment, 30)
    assert done.returncode == 0, done.stderr
    eventually(lambda: card(api, "nano")["state"] == "cold", 30)
    assert ask(api, "nano", **{"X-Wait-For-Model": "60"}).status_code == 200
    refused = run_basemodel(["models", "stop", "pico"], stack.environment, 30)
    assert (refused.returncode, "always warm" in refused.stderr) == (1, True)


def test_a_model_is_not_stopped_while_a_request_runs_and_idle_time_counts_from_ready(api: httpx.Client) -> None:
    asleep(api)
    body = {"model": "dozer", "prompt": "The", "max_tokens": 1, "ignore_eos": True}
    assert api.post("/completions", json=body, headers={"X-Wait-For-Model": "60"}).status_code == 200
    began, last = time.monotonic(), {"at": 0.0}

    def work() -> None:
        while time.monotonic() - began < 2.5 * IDLE_SECONDS:
            api.post("/completions", json=body | {"max_tokens": 300}).raise_for_status()
            last["at"] = time.monotonic()

    worker = threading.Thread(target=work)
    worker.start()
    while worker.is_alive():
        assert card(api, "dozer")["state"] == "ready"
        time.sleep(0.2)
    worker.join()
    asleep(api)
    assert time.monotonic() - last["at"] >= IDLE_SECONDS


def test_weights_that_are_torn_fail_the_model_until_they_are_mended(stack: Stack, api: httpx.Client) -> None:
    assert ask(api, "torn").json()["error"]["code"] == "cold_boot"
    eventually(lambda: card(api, "torn")["state"] == "failed", BOOT_SECONDS)
    answer = ask(api, "torn")
    assert answer.json()["error"]["code"] == "circuit_open"
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "safetensor" not in answer.text.lower()
    listed = json.loads(run_basemodel(["models", "list", "--json"], stack.environment, 30).stdout)
    (reason,) = [model["reason"] for model in listed if model["id"] == "torn"]
    assert "safetensor" in reason.lower()
    mend(stack.sleepers / "torn", WEIGHTS, EMBEDDED / "nano" / WEIGHTS)
    eventually(lambda: ask(api, "torn").status_code == 200, 2 * BOOT_SECONDS, every=1)


def test_a_shard_that_never_comes_is_given_up_and_a_later_boot_succeeds(stack: Stack, api: httpx.Client) -> None:
    ask(api, "stuck")
    stuck = eventually(lambda: (card(api, "stuck")["progress"] or {}).get("bytes_loaded") and card(api, "stuck"), BOOT_SECONDS)
    assert (stuck["state"], stuck["phase"]) == ("starting", "loading")
    assert 0 < stuck["progress"]["bytes_loaded"] < stuck["progress"]["bytes_total"]
    eventually(lambda: card(api, "stuck")["state"] == "failed", BOOT_SECONDS)
    folder = stack.sleepers / "stuck"
    mend(folder, "b.safetensors", folder / "b.there")
    eventually(lambda: ask(api, "stuck").status_code == 200, 2 * BOOT_SECONDS, every=1)


def test_a_model_that_no_node_has_room_for_says_so_to_the_operator(stack: Stack, api: httpx.Client) -> None:
    assert ask(api, "huge").json()["error"]["code"] == "cold_boot"

    def reason() -> str:
        listed = json.loads(run_basemodel(["models", "list", "--json"], stack.environment, 30).stdout)
        return next(str(model.get("reason", "")) for model in listed if model["id"] == "huge")

    eventually(lambda: "64" in reason(), 90, every=2)
    assert card(api, "huge")["state"] == "starting"


def test_a_model_that_was_woken_too_often_rests(stack: Stack, api: httpx.Client) -> None:
    assert ask(api, "rare", **{"X-Wait-For-Model": "60"}).status_code == 200
    asleep(api, "rare")
    answer = ask(api, "rare")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "circuit_open")
