"""The environment of a model host on GPUs; and what becomes of a host that nobody waits for any more."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from deployments import launch, ray_group
from deployments.launch import environment
from deployments.zygote_client import Forked, Request
from router.catalogue import ModelSpec
from tests.deployments.hosts import until

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=64)
#: A line of vLLM's in a host before it has a configuration, with one, and in a fork of it, as its engine is.
SAY = """
import logging, multiprocessing
from deployments.host import log_as_json
say = logging.getLogger("vllm.x").warning
log_as_json()
say("two\\nlines")
import vllm.logger
from vllm.config.logging import LoggingConfig
vllm.logger.configure_logging(LoggingConfig())
say("two\\nlines")
child = multiprocessing.get_context("fork").Process(target=say, args=("two\\nlines",))
child.start()
child.join()
"""
HUB = {"id": "m", "source": "lab/m", "revision": "0" * 40, "max_model_len": 64, "boot_timeout_seconds": 3600}
GROUP = {"RAY_ADDRESS": "10.0.0.1:6379", "BASEMODEL_PLACEMENT_GROUP": "0a" * 18, "VLLM_HOST_IP": "10.0.0.2"}


def of(folder: Path, **changes: Any) -> dict[str, str]:
    return environment(ModelSpec.model_validate(HUB | changes), folder)


def test_vllm_waits_for_its_engine_as_long_as_the_replica_does(tmp_path: Path) -> None:
    assert of(tmp_path / "run", gpus=1)["VLLM_ENGINE_READY_TIMEOUT_S"] == "3600"


def test_an_exact_model_asks_for_results_that_no_batch_changes(tmp_path: Path) -> None:
    assert of(tmp_path / "run", gpus=1, determinism="exact")["VLLM_BATCH_INVARIANT"] == "1"
    assert "VLLM_BATCH_INVARIANT" not in of(tmp_path / "run", gpus=1)


def test_a_host_on_one_node_speaks_to_itself_only(tmp_path: Path) -> None:
    assert of(tmp_path / "run", gpus=2, tensor_parallel=2)["VLLM_HOST_IP"] == "127.0.0.1"


def test_a_host_over_several_nodes_knows_the_cluster_and_its_replicas_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_group, "environment", lambda: GROUP)
    told = of(tmp_path / "run", gpus=2, tensor_parallel=2, nodes=2)
    assert {name: told[name] for name in GROUP} == GROUP
    assert ray_group.placement_group(told).id.hex() == GROUP["BASEMODEL_PLACEMENT_GROUP"]


def test_outside_a_placement_group_it_cannot_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_group, "get_current_placement_group", lambda: None)
    with pytest.raises(RuntimeError, match=r"deployments\.model:build"):
        of(tmp_path / "run", gpus=2, tensor_parallel=2, nodes=2)


def test_what_vllm_logs_is_json_too(tmp_path: Path) -> None:
    command, variables = [sys.executable, "-c", SAY], environment(SPEC, tmp_path / "run")
    said = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=110, check=True).stderr
    lines = [line for line in map(json.loads, said.splitlines()) if line["logger"] == "vllm.x"]
    assert [(line["part"], line["level"], line["message"]) for line in lines] == 3 * [("engine", "WARNING", "two\nlines")]
    assert len({line["pid"] for line in lines}) == 2


class SlowZygote:
    """Forks when it may; the host is one end of a pair of sockets."""

    def __init__(self) -> None:
        self.asked, self.may = threading.Event(), threading.Event()
        self.ends: list[socket.socket] = []

    def fork(self, request: Request, descriptors: Sequence[int]) -> Forked:
        self.asked.set()
        self.may.wait(20)
        os.write(descriptors[1], b"the host's log is open")
        ours, host = socket.socketpair()
        self.ends = [ours, socket.socket(fileno=os.dup(descriptors[0]))]
        return Forked(1, os.pidfd_open(os.getpid()), host)


async def test_a_host_that_is_forked_when_nobody_waits_any_more_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zygote, before = SlowZygote(), len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(launch, "zygote_of", lambda *_: zygote)
    spec = ModelSpec.model_validate({"id": "m", "source": "lab/m", "revision": "0" * 40, "max_model_len": 64})
    waiting = asyncio.create_task(launch.launch(spec, tmp_path / "run"))
    await asyncio.to_thread(zygote.asked.wait, 20)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    zygote.may.set()
    await until(lambda: zygote.ends != [], 20)
    for end in zygote.ends:
        end.settimeout(20)
        assert end.recv(1) == b""
        end.close()
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before, 20)
    assert (tmp_path / "logs" / "host-m.log").read_bytes() == b"the host's log is open"
