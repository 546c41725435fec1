"""An embedded Redis that dies under a running service is started again, and said to be dead until then."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis
from rich.console import Console

from basemodel import checks, screen
from basemodel.cluster import redis_keeper
from basemodel.cluster.processes import Identity, marked, title, wait_gone
from basemodel.cluster.state import State
from basemodel.cluster.stop import down, starting
from basemodel.commands import up
from basemodel.failure import Failure
from basemodel.seen import Seen
from router.settings import Settings, embedded_redis_url
from tests.basemodel.as_if_running import as_if_running
from tests.basemodel.command_line import run, succeed
from tests.cluster import eventually

SECONDS = 20


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with as_if_running(tmp_path, monkeypatch):
        with Redis.from_url(embedded_redis_url(tmp_path)) as client:
            client.set("a", "b")
        yield tmp_path


def redis_of(home: Path) -> psutil.Process:
    state = State.read(home)
    assert state is not None
    assert isinstance(state.redis, Identity)
    assert state.redis.process is not None
    return state.redis.process


def kill(home: Path) -> None:
    killed = redis_of(home)
    killed.kill()
    assert wait_gone([killed], 5) == []


def stored(home: Path) -> object:
    with Redis.from_url(embedded_redis_url(home), decode_responses=True) as redis:
        return redis.get("a")


def runs_again(home: Path) -> bool:
    state = State.read(home)
    return state is not None and state.redis is not None and state.redis.process is not None and not redis_keeper.is_silent(home)


def test_a_second_up_starts_it_again_with_its_data_and_says_so(home: Path) -> None:
    kill(home)
    code, out, err = run("up")
    assert (code, err) == (0, "")
    assert f"It runs already. {redis_keeper.REVIVED}" in out
    assert stored(home) == "b"
    assert redis_of(home) in marked(home)
    assert redis_keeper.REVIVED not in run("up")[1]


def test_an_up_in_the_foreground_starts_it_again_and_says_so_once(home: Path) -> None:
    said: list[str] = []
    keeper = redis_keeper.Keeper(home, said.append)
    keeper.look()
    assert said == []
    kill(home)
    keeper.look()
    keeper.look()
    assert (said, stored(home)) == ([redis_keeper.REVIVED], "b")


def test_up_in_the_foreground_looks_for_as_long_as_it_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    monkeypatch.setattr(redis_keeper.Keeper, "look", lambda self: looks.append(home))
    monkeypatch.setattr(up, "running", lambda home: len(looks) < 2)
    monkeypatch.setattr(up, "WATCH_SECONDS", 0.01)
    monkeypatch.setattr(up, "say", lambda *_: None)
    state = State.read(home)
    assert state is not None
    request = up.Request(Settings.read(), None, None, None, None, None, detached=False, as_json=True)
    with pytest.raises(Failure, match="ended by itself"):
        up.stay(state, request)
    assert looks == [home, home]


def test_up_detach_leaves_a_keeper_that_starts_it_again_and_that_down_ends(home: Path) -> None:
    keeper = redis_keeper.leave(home)
    assert "basemodel.cluster.redis_keeper" in [title(process) for process in marked(home)]
    for _ in range(2):
        kill(home)
        eventually(lambda: runs_again(home), SECONDS)
        assert stored(home) == "b"
    assert {"basemodel.cluster.redis_keeper", "redis-server"} <= set(down(home))
    assert keeper.wait() == -signal.SIGTERM
    assert marked(home) == []
    assert redis_keeper.REVIVED in (home / "logs" / "redis-keeper.log").read_text()


def test_a_keeper_ends_with_its_service(home: Path) -> None:
    command = [sys.executable, "-m", "basemodel.cluster.redis_keeper", str(home)]
    with subprocess.Popen(command) as keeper:
        State.forget(home)
        assert keeper.wait(SECONDS) == 0


def test_one_that_lives_and_is_silent_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redis = redis_of(home)
    redis.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(Failure, match=f"process {redis.pid}"):
            redis_keeper.revive(home)
    finally:
        redis.send_signal(signal.SIGCONT)
    assert [process for process in marked(home) if title(process) == "redis-server"] == [redis]


def test_nothing_is_started_while_another_command_is_at_work_or_the_service_is_gone(home: Path) -> None:
    said: list[str] = []
    kill(home)
    with starting(home):
        redis_keeper.Keeper(home, said.append).look()
    next(process for process in marked(home) if title(process) == "raylet").kill()
    redis_keeper.Keeper(home, said.append).look()
    assert said == []
    assert redis_keeper.is_silent(home)


def test_doctor_says_that_it_is_dead_and_what_to_do(home: Path) -> None:
    assert "embedded, answers" in run("doctor")[1]
    kill(home)
    code, out, _ = run("doctor", "--json")
    found = {one["name"]: one for one in json.loads(out)}
    assert (code, found["Redis"]["level"]) == (1, checks.FATAL)
    assert "`basemodel up` starts it again" in found["Redis"]["text"]


def test_status_says_that_it_is_dead(home: Path) -> None:
    seen = succeed("status")
    assert seen["redis_answers"] is True
    kill(home)
    seen = succeed("status")
    assert (seen["running"], seen["redis_answers"]) == (True, False)
    assert "does not answer" in seen["troubles"][0]
    assert "`basemodel up` starts it again" in run("status")[1]


def test_status_watch_says_that_it_is_dead(home: Path) -> None:
    kill(home)
    console = Console(width=80, color_system=None, record=True, file=io.StringIO())
    console.print(screen.screen(Seen.now(closely=True)))
    assert "The embedded Redis does not answer" in console.export_text()
