"""The replica's side: hosts that end, hang or do not boot are replaced; callers are told; aborts arrive."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from deployments import host_process
from deployments.host_process import HostProcess
from deployments.launched import How, Launched
from deployments.messages import Ended, Failed, FailureKind
from router.catalogue import ModelSpec
from router.engine import Job, Sampling
from router.lifecycle import Phase
from tests.cluster import CHECKOUT

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, hang_seconds=0.5)
JOB = Job("job-1", (0, 5), Sampling(max_tokens=2))
SECONDS = 20.0

Begin = Callable[[str], Awaitable[HostProcess]]


@dataclass
class Notes:
    """A listener that keeps what it is told, in words."""

    told: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def began(self, how: How) -> None:
        self.told.append(how)

    def phase(self, phase: Phase, done: int, total: int) -> None:
        self.told.append(f"{phase} {done}/{total}")

    def ready(self) -> None:
        self.told.append("ready")

    def failed(self, reason: str, retry_after: float) -> None:
        self.told.append("failed")
        self.reasons.append(reason)
        self.pauses.append(retry_after)

    def lost(self, reason: str) -> None:
        self.told.append("lost")
        self.reasons.append(reason)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
async def begin(tmp_path: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Begin]:
    """Starts a HostProcess whose hosts run in the given mode; ended after the test."""
    monkeypatch.setattr(host_process, "FIRST_BACKOFF_SECONDS", 0.05)
    monkeypatch.setattr(host_process, "PING_SECONDS", 0.1)
    begun: list[HostProcess] = []

    async def start(mode: str) -> HostProcess:
        spec = SPEC.model_copy(update={"boot_timeout_seconds": 1}) if mode == "stuck" else SPEC
        begun.append(HostProcess(spec, tmp_path / "run", notes, partial(launch_fake, mode), tmp_path / "door"))
        return begun[-1]

    yield start
    for one in begun:
        one.close()
    await asyncio.sleep(0)


async def launch_fake(mode: str, spec: ModelSpec, folder: Path) -> Launched:
    return spawn_fake(mode, folder.parent)


def spawn_fake(mode: str, folder: Path) -> Launched:
    ours, theirs = socket.socketpair()
    with theirs:
        command = [sys.executable, "-m", "tests.deployments.fake_host", str(theirs.fileno()), mode, str(folder)]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=CHECKOUT, start_new_session=True)
    return Launched.child(process, ours)


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not check():
            await asyncio.sleep(0.02)


async def test_a_host_boots_and_runs_a_job(begin: Begin) -> None:
    host = await begin("works")
    assert await host.ready(SECONDS)
    assert host.engine_version == "fake"
    assert isinstance(await host.run(JOB, "ipc://x", 1), Ended)


async def test_a_killed_host_fails_its_callers_and_is_replaced(begin: Begin) -> None:
    host = await begin("holds")
    assert await host.ready(SECONDS)
    call = asyncio.create_task(host.run(JOB, "ipc://x", 1))
    await asyncio.sleep(0.1)
    assert host._process is not None
    os.kill(host._process.pid, signal.SIGKILL)
    outcome = await asyncio.wait_for(call, SECONDS)
    assert isinstance(outcome, Failed)
    assert outcome.kind == FailureKind.ENGINE_DIED
    assert await host.ready(SECONDS)


async def test_a_stopped_host_is_killed_and_replaced(begin: Begin) -> None:
    host = await begin("holds")
    assert await host.ready(SECONDS)
    assert host._process is not None
    old = host._process
    os.kill(old.pid, signal.SIGSTOP)
    await until(lambda: old.gone(0))
    assert await host.ready(SECONDS)
    assert host._process is not old


async def test_a_host_that_answers_no_ping_is_replaced_again_and_again(begin: Begin, tmp_path: Path) -> None:
    host = await begin("deaf")
    assert await host.ready(SECONDS)
    await until(lambda: len((tmp_path / "boots").read_text()) >= 3)
    assert "no sign of life" in host.reason or host.reason == "it closed its connection"


async def test_a_boot_that_fails_is_tried_again(begin: Begin, tmp_path: Path) -> None:
    host = await begin("fails")
    assert await host.ready(SECONDS)
    assert len((tmp_path / "boots").read_text()) == 3


async def test_a_boot_is_told_step_by_step(begin: Begin, notes: Notes) -> None:
    host = await begin("works")
    assert await host.ready(SECONDS)
    assert notes.told == ["spawned", "loading 0/10", "loading 7/10", "warming 10/10", "ready"]


async def test_a_failed_boot_has_the_hosts_own_reason_and_ever_longer_pauses(begin: Begin, notes: Notes) -> None:
    host = await begin("broken")
    await until(lambda: len(notes.pauses) >= 3)
    assert notes.reasons[0] == host.reason == "no such weights"
    assert notes.pauses[:3] == [0.05, 0.1, 0.2]
    assert not host.booted


async def test_a_host_that_ends_without_a_word_is_explained_by_its_log(begin: Begin, notes: Notes, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "host-pico.log").write_text("one\nSegmentation fault\n")
    await begin("fails")
    await until(lambda: bool(notes.reasons))
    assert notes.reasons[0] == "the host ended while allocating; its log ends with: Segmentation fault"


async def test_a_boot_that_hangs_is_ended_at_its_time_limit_with_all_its_processes(begin: Begin, notes: Notes) -> None:
    host = await begin("stuck")
    await until(lambda: host.phase == Phase.LOADING)
    assert host._process is not None
    old = host._process
    await until(lambda: bool(notes.reasons))
    assert notes.reasons[0] == "the engine was still loading after 1 s"
    assert old.gone(0)


async def test_an_engine_that_is_lost_soon_after_its_boot_again_and_again_is_started_with_pauses(begin: Begin, notes: Notes) -> None:
    await begin("dies")
    await until(lambda: notes.told.count("lost") >= 4)
    assert set(notes.reasons) == {"out of memory"}
    assert "failed" not in notes.told


async def test_the_load_and_the_idle_time_are_known_without_asking(begin: Begin) -> None:
    host = await begin("holds")
    assert await host.ready(SECONDS)
    await until(lambda: host.last_pong is not None)
    assert host.load == {"running": 3.0, "prefill": 70.0}
    idle = host.idle_since
    call = asyncio.create_task(host.run(JOB, "ipc://x", 1))
    await asyncio.sleep(0.05)
    assert host.busy
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert not host.busy
    assert idle < host.idle_since <= time.monotonic()


async def test_a_cancelled_call_is_aborted_in_the_host(begin: Begin, tmp_path: Path) -> None:
    host = await begin("holds")
    assert await host.ready(SECONDS)
    call = asyncio.create_task(host.run(JOB, "ipc://x", 1))
    await until(lambda: any(tmp_path.glob("Start-*")))
    call.cancel()
    await until(lambda: any(tmp_path.glob("Abort-*")))


async def test_a_call_while_no_engine_runs_fails_at_once(begin: Begin) -> None:
    host = await begin("works")
    outcome = await host.run(JOB, "ipc://x", 1)
    assert isinstance(outcome, Failed)


async def test_a_job_that_came_past_the_replica_keeps_it_busy_and_is_waited_for(begin: Begin) -> None:
    host = await begin("direct")
    assert await host.ready(SECONDS)
    await until(lambda: host.busy)
    assert time.monotonic() - host.idle_since < 0.05
    await asyncio.wait_for(host.drained(), SECONDS)
    assert not host.busy
    assert time.monotonic() - host.idle_since >= host_process.QUIET_SECONDS


async def test_a_host_that_is_gone_is_not_busy_and_leaves_no_door(begin: Begin, tmp_path: Path) -> None:
    host = await begin("direct")
    (tmp_path / "door").touch()
    await until(lambda: host.busy)
    host.close()
    assert not host.busy
    assert not (tmp_path / "door").exists()
