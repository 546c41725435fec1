"""The replica's side: hosts that end, hang or do not boot are replaced; callers are told; aborts arrive."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from deployments import host_process
from deployments.host_process import HostProcess
from deployments.messages import Ended, Failed, FailureKind
from router.catalogue import ModelSpec
from router.engine import Job, Sampling
from tests.cluster import CHECKOUT

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, hang_seconds=0.5)
JOB = Job("job-1", (0, 5), Sampling(max_tokens=2))
SECONDS = 20.0

Begin = Callable[[str], Awaitable[HostProcess]]


@pytest.fixture
async def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Begin]:
    """Starts a HostProcess whose hosts run in the given mode; ended after the test."""
    monkeypatch.setattr(host_process, "FIRST_BACKOFF_SECONDS", 0.05)
    monkeypatch.setattr(host_process, "PING_SECONDS", 0.1)
    begun: list[HostProcess] = []

    async def start(mode: str) -> HostProcess:
        def start_host(spec: ModelSpec, folder: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
            ours, theirs = socket.socketpair()
            with theirs:
                command = [sys.executable, "-m", "tests.deployments.fake_host", str(theirs.fileno()), mode, str(folder)]
                process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=CHECKOUT, start_new_session=True)
            return process, ours

        monkeypatch.setattr(host_process, "start_host", start_host)
        begun.append(HostProcess(SPEC, tmp_path))
        return begun[-1]

    yield start
    for one in begun:
        one.close()
    await asyncio.sleep(0)


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
    await until(lambda: old.poll() is not None)
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
