"""Engines that die, hang or lose their client, on the real stack."""

import os
import signal
import threading
import time

import openai
import psutil
import pytest

from basemodel.cluster.processes import marked, title
from tests.cluster import Probe, Stack, eventually

pytestmark = pytest.mark.stack

#: A spawned host imports vLLM anew; with a busy machine this is what a boot may take.
BOOT_SECONDS = 60
GRACE_SECONDS = 5
#: Until a gateway has heard that an engine died.
NEWS_SECONDS = 2


def complete(stack: Stack, model: str = "pico") -> str:
    request = {"model": model, "prompt": "The", "max_tokens": 4, "extra_body": {"ignore_eos": True}}
    return stack.client(timeout=BOOT_SECONDS + 60).completions.create(**request).choices[0].text  # type: ignore[call-overload,no-any-return]


def host(stack: Stack, model: str = "pico") -> psutil.Process:
    found = stack.host(model)
    assert found is not None
    return found


def engine(stack: Stack) -> psutil.Process:
    return host(stack).children()[0]


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def working(stack: Stack) -> bool:
    try:
        return bool(complete(stack))
    except openai.APIStatusError:
        return False


def state(client: openai.OpenAI, model: str = "pico") -> str:
    found = client.models.retrieve(model).model_extra
    assert found is not None
    return str(found["state"])


def test_a_client_that_leaves_ends_the_generation_within_two_seconds(stack: Stack, probe: Probe) -> None:
    assert probe.facts("pico")["running"] == 0
    stream = stack.client().completions.create(model="pico", prompt="The", max_tokens=2000, stream=True, extra_body={"ignore_eos": True})
    for _ in range(3):
        next(iter(stream))
    assert probe.facts("pico")["running"] == 1
    stream.close()
    eventually(lambda: probe.facts("pico")["running"] == 0, 2)


@pytest.mark.parametrize("victim", [host, engine], ids=["host", "engine"])
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
@pytest.mark.timeout(240)
def test_a_killed_or_stopped_engine_is_replaced_and_the_service_recovers_by_itself(stack: Stack, victim, blow) -> None:  # type: ignore[no-untyped-def]
    assert working(stack)
    family = [host(stack), engine(stack)]
    began = time.monotonic()
    os.kill(victim(stack).pid, blow)
    eventually(lambda: not any(alive(one) for one in family), GRACE_SECONDS + 10)
    eventually(lambda: working(stack), BOOT_SECONDS + GRACE_SECONDS, every=0.5)
    print(f"served again after {time.monotonic() - began:.1f} s")


@pytest.mark.timeout(240)
def test_a_running_stream_ends_with_an_error_frame_when_its_engine_dies(stack: Stack) -> None:
    assert working(stack)
    victim = engine(stack)
    stream = stack.client(timeout=60).completions.create(
        model="pico", prompt="The", max_tokens=2000, stream=True, seed=1, extra_body={"ignore_eos": True}
    )
    iterator = iter(stream)
    next(iterator)
    victim.kill()
    with pytest.raises(openai.APIError) as raised:
        for _ in iterator:
            pass
    assert raised.value.code == "engine_error"
    eventually(lambda: working(stack), BOOT_SECONDS + GRACE_SECONDS, every=0.5)


@pytest.mark.timeout(240)
def test_a_model_whose_engine_died_is_not_ready_until_another_is(stack: Stack) -> None:
    """The next host is held up in its boot: it may be ready sooner than anybody would have heard."""
    assert working(stack)
    client, died = stack.client(timeout=10), host(stack)
    engine(stack).kill()
    wait = BOOT_SECONDS + GRACE_SECONDS  # the boots of a model that died several times keep apart
    booting = eventually(lambda: (found := stack.host()) is not None and found.pid != died.pid and found, wait, every=0.02)
    booting.suspend()
    try:
        eventually(lambda: state(client) != "ready", NEWS_SECONDS)
    finally:
        booting.resume()
    eventually(lambda: state(client) == "ready", wait)
    assert working(stack)


@pytest.mark.timeout(300)
def test_a_cold_model_boots_on_its_first_request_and_other_models_streams_go_on(stack: Stack) -> None:
    counts: list[int] = []

    def keep_streaming() -> None:
        answer = stack.client(timeout=120).completions.create(
            model="pico", prompt="The", max_tokens=1500, seed=2, stream=True, extra_body={"ignore_eos": True}
        )
        counts.append(sum(1 for _ in answer))

    reader = threading.Thread(target=keep_streaming)
    reader.start()
    assert complete(stack, "nano")
    reader.join(timeout=120)
    assert counts
    assert counts[0] > 1
    host(stack, "nano").kill()
    assert working(stack)


@pytest.mark.timeout(240)
def test_no_process_is_left_behind_when_a_replica_is_killed(stack: Stack) -> None:
    assert working(stack)
    one = host(stack)
    family = [one, *one.children(recursive=True)]
    replica = next(process for process in marked(stack.home) if title(process).startswith("ray::ServeReplica:model-pico"))
    replica.kill()
    eventually(lambda: not any(alive(member) for member in family), 10)
    eventually(lambda: working(stack), BOOT_SECONDS + 30, every=0.5)
