"""The shared real cluster of a test run: Redis, Ray Serve and vLLM, started once by `basemodel up`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import psutil
import pytest

from basemodel.cluster import ray_head
from basemodel.cluster.processes import marked, title
from tests.stack import sleepers

CHECKOUT = Path(__file__).parent.parent
BASEMODEL = Path(sys.executable).with_name("basemodel")
UP_SECONDS, DOWN_SECONDS = 240, 90


@dataclass
class Stack:
    """A running cluster: where it answers, a key for it, its state folder, and that of the weights of `sleepers.py`."""

    base_url: str
    key: str
    home: Path
    port: int
    sleepers: Path
    environment: dict[str, str] = field(repr=False)
    clients: list[openai.OpenAI] = field(default_factory=list, repr=False)

    def client(self, **options: Any) -> openai.OpenAI:
        """The official SDK without its retries, which waits for cold models; closed at the end of the run."""
        patient = {"X-Wait-For-Model": "120"}
        self.clients.append(openai.OpenAI(base_url=self.base_url, api_key=self.key, max_retries=0, default_headers=patient, **options))
        return self.clients[-1]

    def host(self, model: str = "pico") -> psutil.Process | None:
        """The running model host of a model: the one that writes its log."""
        log = str(self.home / "logs" / f"host-{model}.log")
        hosts = (one for one in marked(self.home) if title(one) == "deployments.host")
        return next((one for one in hosts if log in {file.path for file in one.open_files()}), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(check: Callable[[], Any], seconds: float, every: float = 0.1) -> Any:
    """The first true value of the check; fails the test when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := check()):
        if time.monotonic() > deadline:
            pytest.fail(f"{check} did not become true within {seconds} s")
        time.sleep(every)
    return value


def run_basemodel(arguments: list[str], environment: dict[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    command = [str(BASEMODEL), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds, cwd=CHECKOUT)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home, port = tmp_path_factory.mktemp("stack") / "home", free_port()
    weights = tmp_path_factory.mktemp("sleepers")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "BASEMODEL_"))}
    environment |= {"BASEMODEL_HOME": str(home), "NO_COLOR": "1"}
    try:
        up = run_basemodel(["up", "--detach", "--port", str(port), "--config", str(sleepers.config(weights))], environment, UP_SECONDS)
        assert up.returncode == 0, up.stdout + up.stderr
        key = (home / "first-key").read_text().strip()
        running = Stack(f"http://127.0.0.1:{port}/v1", key, home, port, weights, environment)
        yield running
        for client in running.clients:
            client.close()
    finally:
        run_basemodel(["down"], environment, DOWN_SECONDS)
        forget_ray(home)


def forget_ray(home: Path) -> None:
    """Removes what Ray leaves under /tmp for a home whose path is too long for its sockets."""
    folder = ray_head.folder_of(home)
    if not folder.is_relative_to(home):
        shutil.rmtree(folder.parent, ignore_errors=True)


class Probe:
    """Asks a model's replica for its facts, over a Serve handle in a process of its own."""

    def __init__(self, address: str, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.stack.probe", address]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=CHECKOUT
        )

    def facts(self, model: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(model + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=10)


@pytest.fixture(scope="session")
def probe(stack: Stack) -> Iterator[Probe]:
    state = json.loads((stack.home / "state.json").read_text())
    one = Probe(state["ray_address"], ray_head.environment(stack.home, CHECKOUT))
    yield one
    one.close()
