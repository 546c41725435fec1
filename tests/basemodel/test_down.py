"""`up` and `down` with a Serve app that has no model: whatever happened, `down` leaves nothing and touches nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from basemodel.cluster.processes import marked, title
from basemodel.cluster.redis_keeper import REVIVED, is_silent
from basemodel.cluster.sockets import holder
from basemodel.cluster.state import State
from tests.cluster import BASEMODEL, CHECKOUT, Stack, eventually, forget_ray, free_port, run_basemodel

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

CONFIG = Path(__file__).parent / "small_config.yaml"
UP_SECONDS, DOWN_SECONDS = 120, 90


@dataclass
class Small:
    """A home of its own and an `up` in the foreground."""

    home: Path
    port: int
    environment: dict[str, str]
    up: subprocess.Popen[str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run_basemodel(list(words), self.environment, DOWN_SECONDS)

    def titles(self) -> list[str]:
        return [title(process) for process in marked(self.home)]

    def ready(self) -> bool:
        assert self.up.poll() is None, "up ended early"
        state = State.read(self.home)
        return state is not None and state.phase == "running"

    def nothing_left(self) -> bool:
        return marked(self.home) == [] and holder(self.port) is None and State.read(self.home) is None


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    home, port = tmp_path_factory.mktemp("small") / "home", free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "BASEMODEL_"))}
    environment |= {"BASEMODEL_HOME": str(home), "NO_COLOR": "1"}
    command = [str(BASEMODEL), "up", "--config", str(CONFIG), "--port", str(port)]
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
        preexec_fn=hear_ctrl_c,
    ) as up:
        made = Small(home, port, environment, up)
        yield made
        up.kill()
    made.run("down")
    assert made.nothing_left()
    forget_ray(home)


def hear_ctrl_c() -> None:
    """Whoever runs the tests in the background ignores SIGINT, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_is_down_from_the_moment_that_it_runs(small: Small) -> None:
    """Its `up` still has to say so then."""
    eventually(small.ready, UP_SECONDS)
    small.up.send_signal(signal.SIGINT)
    assert small.up.wait(DOWN_SECONDS) == 0
    assert small.nothing_left()


def test_a_killed_up_leaves_a_service_that_down_finds(small: Small, stack: Stack) -> None:
    eventually(small.ready, UP_SECONDS)
    assert httpx.get(f"http://127.0.0.1:{small.port}/ready", trust_env=False, timeout=30).text == "READY"
    others = {process.pid for process in marked(stack.home)}
    small.up.kill()
    small.up.wait()
    again = small.run("up", "--config", str(CONFIG))
    assert (again.returncode, "runs already" in again.stdout) == (0, True)
    assert small.run("down").returncode == 0
    assert small.nothing_left()
    assert {process.pid for process in marked(stack.home)} >= others, "another Ray of the same user was touched"
    assert stack.client().models.list().data
    assert "Nothing was running" in small.run("down").stdout


def test_an_up_killed_half_way_leaves_nothing_that_down_does_not_find(small: Small) -> None:
    eventually(lambda: "raylet" in small.titles(), UP_SECONDS)
    small.up.kill()
    small.up.wait()
    (small.home / "state.json").unlink(missing_ok=True)
    assert small.run("down").returncode == 0
    assert small.nothing_left()


def test_down_ends_an_up_that_is_still_starting(small: Small) -> None:
    eventually(lambda: "raylet" in small.titles(), UP_SECONDS)
    assert small.run("down").returncode == 0
    assert small.up.wait(10) == 1
    assert small.nothing_left()


def test_an_up_whose_ray_dies_says_so_and_clears_up(small: Small) -> None:
    eventually(small.ready, UP_SECONDS)
    psutil.Process(next(process.pid for process in marked(small.home) if title(process) == "raylet")).kill()
    said, _ = small.up.communicate(timeout=60)
    assert small.up.returncode == 1
    assert "ended by itself" in said
    assert small.nothing_left()


def test_an_up_in_the_foreground_starts_a_redis_that_dies_again_and_ends_that_one_too(small: Small) -> None:
    eventually(small.ready, UP_SECONDS)
    killed = next(process for process in marked(small.home) if title(process) == "redis-server")
    killed.kill()
    eventually(lambda: "redis-server" in small.titles() and not is_silent(small.home), 30)
    small.up.send_signal(signal.SIGINT)
    said, _ = small.up.communicate(timeout=DOWN_SECONDS)
    assert REVIVED in said
    assert small.nothing_left()
