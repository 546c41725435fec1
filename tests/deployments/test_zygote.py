"""One zygote, with the real vLLM: it forks hosts, is replaced when it is lost, and nothing outlives whom it belongs to."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from basemodel.cluster.processes import title
from deployments import launch, zygote
from deployments.frames import FrameReceiver, socket_folder
from deployments.host_process import HostProcess
from deployments.messages import Ended
from deployments.zygote_client import ANSWER_SECONDS, ZygoteClient
from router.catalogue import EMBEDDED, ModelSpec
from router.engine import Job, Sampling
from tests.cluster import CHECKOUT, eventually
from tests.deployments.hosts import BOOT_SECONDS, SPEC, alive, family, until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

Begin = Callable[..., Awaitable[HostProcess]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zygote")


@pytest.fixture(scope="module")
def client(home: Path) -> Iterator[ZygoteClient]:
    one = launch.zygote_of("cpu", socket_folder(home))
    yield one
    one.kill()


@pytest.fixture
async def begin(home: Path, client: ZygoteClient) -> AsyncIterator[Begin]:
    """Starts a HostProcess; ended after the test."""
    begun: list[HostProcess] = []

    async def start(spec: ModelSpec = SPEC) -> HostProcess:
        begun.append(HostProcess(spec, socket_folder(home)))
        return begun[-1]

    yield start
    for one in begun:
        one.close()
    await asyncio.sleep(0.1)


def warm(client: ZygoteClient) -> int:
    """The process id of the zygote, once it takes requests."""

    def connects() -> bool:
        connection = client._connect()
        if connection is not None:
            connection.close()
        return connection is not None

    eventually(lambda: client.begin() and connects(), BOOT_SECONDS)
    assert client.pid is not None
    return client.pid


def zygotes(home: Path) -> list[int]:
    commands = {one.pid: " ".join(one.info["cmdline"] or []) for one in psutil.process_iter(["cmdline"])}
    return [pid for pid, command in commands.items() if "-m deployments.zygote" in command and str(home) in command]


async def works(host: HostProcess, folder: Path) -> bool:
    frames = FrameReceiver(folder)
    try:
        stream, _ = frames.open()
        job = Job(f"job-{time.monotonic_ns()}", (0, 5), Sampling(max_tokens=2))
        return isinstance(await asyncio.wait_for(host.run(job, frames.address, stream), 20), Ended)
    finally:
        frames.close()


def test_there_is_one_zygote_however_many_start_it_at_once(home: Path, client: ZygoteClient) -> None:
    def start(_: int) -> bool:
        return launch.zygote_of("cpu", socket_folder(home)).begin()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(start, range(16)))
    assert zygotes(home) == [warm(client)]


async def test_a_host_is_forked_works_and_has_a_name_of_its_own(home: Path, client: ZygoteClient, begin: Begin) -> None:
    parent = warm(client)
    began = time.monotonic()
    host = await begin()
    assert await host.ready(BOOT_SECONDS)
    print(f"ready after {time.monotonic() - began:.2f} s")
    assert host._process is not None
    assert host._process.how == "forked"
    assert await works(host, socket_folder(home))
    process, engine = family(host)
    assert title(process) == "deployments.host"
    assert (process.ppid(), os.getpgid(engine.pid)) == (parent, process.pid)
    assert str(home / "logs" / "host-pico.log") in {file.path for file in process.open_files()}
    assert not {path.name for path in socket_folder(home).iterdir()} - {client._path.name, client._lock_path.name} - marks(home)
    assert (client._path.stat().st_mode & 0o777, client._lock_path.stat().st_mode & 0o777) == (0o600, 0o600)


def marks(home: Path) -> set[str]:
    return {path.name for path in (home / "run").iterdir() if path.name.startswith("passed-")}


async def test_a_second_boot_is_well_under_a_second(home: Path, client: ZygoteClient, begin: Begin) -> None:
    warm(client)
    host = await begin()
    assert await host.ready(BOOT_SECONDS)
    host.close()
    began = time.monotonic()
    assert await (await begin()).ready(BOOT_SECONDS)
    assert time.monotonic() - began < 2.0  # 0.4 s alone on the machine


async def test_an_ended_host_takes_its_engine_along(client: ZygoteClient, begin: Begin) -> None:
    warm(client)
    host = await begin()
    assert await host.ready(BOOT_SECONDS)
    members = family(host)
    members[0].kill()
    await until(lambda: not any(alive(one) for one in members), 5)
    assert await host.ready(BOOT_SECONDS)


async def test_a_killed_zygote_leaves_its_hosts_at_work_and_is_replaced_before_anybody_needs_it(
    home: Path, client: ZygoteClient, begin: Begin
) -> None:
    old = warm(client)
    host = await begin()
    assert await host.ready(BOOT_SECONDS)
    members = family(host)
    os.kill(old, signal.SIGKILL)
    await until(lambda: client.pid not in (None, old), 10)
    assert await works(host, socket_folder(home))
    assert family(host) == members


async def test_a_zygote_with_older_code_is_replaced(home: Path, client: ZygoteClient, monkeypatch: pytest.MonkeyPatch) -> None:
    old = warm(client)
    monkeypatch.setattr("deployments.zygote_client.code", lambda: "newer")
    host = await launch.launch(SPEC, socket_folder(home))
    host.connection.close()
    host.kill()
    assert host.gone(5)
    assert host.how == "spawned"
    monkeypatch.undo()
    await until(lambda: client.pid not in (None, old), 10)


async def test_a_stopped_zygote_delays_a_boot_by_seconds_at_most_and_is_replaced(home: Path, client: ZygoteClient) -> None:
    old = warm(client)
    os.kill(old, signal.SIGSTOP)
    began = time.monotonic()
    host = await launch.launch(SPEC, socket_folder(home))
    took = time.monotonic() - began
    host.connection.close()
    host.kill()
    assert host.gone(5)
    assert host.how == "spawned"
    assert took < ANSWER_SECONDS + 2
    await until(lambda: client.pid not in (None, old), 10)
    assert old not in zygotes(home)


@pytest.mark.parametrize("state", ["running", "stopped", "of a zygote that is gone and stopped"])
def test_a_killed_replica_takes_its_host_along(home: Path, client: ZygoteClient, state: str) -> None:
    old = warm(client)
    command = [sys.executable, "-m", "tests.deployments.replica", str(home), SPEC.model_dump_json()]
    replica = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    with replica:
        assert replica.stdout is not None
        how, pid = replica.stdout.readline().split()
        members = [psutil.Process(int(pid)), *psutil.Process(int(pid)).children(recursive=True)]
        if "zygote" in state:
            os.kill(old, signal.SIGKILL)
            eventually(lambda: client.pid not in (None, old), 10)
            warm(client)
            time.sleep(1.0)  # the replica makes its host known
        if "stopped" in state:
            for one in members:
                one.suspend()
        replica.kill()
    assert how == "forked"
    eventually(lambda: not any(alive(one) for one in members), 5)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A copy of pico's weights; the model in it is named as nothing else."""
    return Path(shutil.copytree(EMBEDDED / "pico", tmp_path / "pico"))


async def test_a_load_that_fails_says_why(client: ZygoteClient, begin: Begin, weights: Path) -> None:
    warm(client)
    os.truncate(weights / "model.safetensors", 1_000_000)
    host = await begin(SPEC.model_copy(update={"path": str(weights), "id": "short"}))
    await until(lambda: "SafetensorError" in host.reason, BOOT_SECONDS)
    assert not host.booted


async def test_a_load_that_hangs_is_ended_with_all_its_processes(client: ZygoteClient, begin: Begin, weights: Path) -> None:
    warm(client)
    (weights / "model.safetensors").unlink()
    os.mkfifo(weights / "model.safetensors")
    host = await begin(SPEC.model_copy(update={"path": str(weights), "id": "stuck", "boot_timeout_seconds": 4}))
    await until(lambda: host._process is not None and len(family(host)) > 1, BOOT_SECONDS)
    members = family(host)
    await until(lambda: host.reason.startswith("the engine was still loading"), BOOT_SECONDS)
    await until(lambda: not any(alive(one) for one in members), 5)


def test_a_zygote_whose_folder_is_gone_ends(home: Path, client: ZygoteClient) -> None:
    pid = warm(client)
    shutil.rmtree(home / "run")
    eventually(lambda: pid not in zygotes(home), zygote.TICK_SECONDS + 3)
