"""Who sees to the spare, and when; that a boot begins in it is tests/stack/test_cold.py's."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from deployments import spare
from deployments.spare import SpareKeeper, is_spare
from tests.cluster import eventually


class Raylet:
    """`spares` that it has, `asked` so often, and what it answers with."""

    def __init__(self) -> None:
        self.spares, self.asked = 0, 0
        self.failure: Exception | None = None

    def there(self) -> bool:
        return self.spares > 0

    async def ask(self) -> None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        self.spares += 1


@pytest.fixture
def raylet(monkeypatch: pytest.MonkeyPatch) -> Raylet:
    one = Raylet()
    monkeypatch.setattr(spare, "there", one.there)
    monkeypatch.setattr(spare, "ask", one.ask)
    monkeypatch.setattr(spare, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr("ray.get_runtime_context", lambda: SimpleNamespace(get_node_id=lambda: "0123456789abcdef"))
    return one


@pytest.fixture
def begin(tmp_path: Path, raylet: Raylet) -> Iterator[Callable[[], SpareKeeper]]:
    keepers: list[SpareKeeper] = []

    def start() -> SpareKeeper:
        keepers.append(SpareKeeper(tmp_path))
        return keepers[-1]

    yield start
    for keeper in keepers:
        keeper.close()


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not check():
            await asyncio.sleep(0.005)


async def test_one_spare_is_asked_for_and_the_next_when_it_was_taken(begin: Callable[[], SpareKeeper], raylet: Raylet) -> None:
    begin()
    await until(lambda: raylet.spares == 1)
    await asyncio.sleep(0.05)
    assert raylet.asked == 1
    raylet.spares = 0
    await until(lambda: raylet.asked == 2)


async def test_of_many_replicas_one_asks_and_when_it_ends_another(begin: Callable[[], SpareKeeper], raylet: Raylet) -> None:
    keepers = [begin() for _ in range(5)]
    await until(lambda: raylet.spares == 1)
    keepers[0].close()
    raylet.spares = 0
    await until(lambda: raylet.spares == 1)
    await asyncio.sleep(0.05)
    assert raylet.asked == 2


async def test_a_raylet_that_refuses_is_asked_again_and_told_of_once(
    begin: Callable[[], SpareKeeper], raylet: Raylet, caplog: pytest.LogCaptureFixture
) -> None:
    raylet.failure = RuntimeError("no such method")
    begin()
    await until(lambda: raylet.asked >= 3)
    assert [record.getMessage() for record in caplog.records] == ["no worker is kept ready for the next boot: no such method"]
    raylet.failure = None
    await until(lambda: raylet.spares == 1)


@pytest.mark.parametrize(("title", "spare"), [("ray::IDLE", True), ("ray::ServeReplica:model-pico:Model", False), ("python", False)])
def test_a_spare_is_known_by_its_title(title: str, spare: bool) -> None:
    code = f"import setproctitle, time; setproctitle.setproctitle({title!r}); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert is_spare(psutil.Process(process.pid)) == spare
        process.kill()


def test_a_worker_that_is_starting_is_one_and_what_is_gone_is_none(tmp_path: Path) -> None:
    script = tmp_path / "default_worker.py"
    script.write_text("import time; time.sleep(60)")
    with subprocess.Popen([sys.executable, script, "--node-ip-address=127.0.0.1"]) as process:
        one = psutil.Process(process.pid)
        eventually(lambda: is_spare(one), 5)
        process.kill()
    assert not is_spare(one)
