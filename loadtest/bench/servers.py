"""A server that is measured, and what all have in common: it is marked, waited for, paused while another's turn lasts, and ended
by its mark.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from basemodel.cluster.processes import MARK, marked
from loadtest.gateways import CHECKOUT

START_SECONDS, RESUME_SECONDS, STOP_SECONDS = 300.0, 60.0, 30.0
REST_SECONDS = 10.0


@dataclass(frozen=True)
class Server:
    """One that runs. `boot`: seconds from its start to its first token; `folder` marks its processes; `behind` does its work."""

    name: str
    port: int
    model: str
    keys: tuple[str, ...]
    folder: Path
    boot: float = 0.0
    behind: Server | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Of a paused one: it completes, and runs for as long as the block does. Raises RuntimeError."""
        self.resume()
        try:
            _completing(self, time.monotonic() + RESUME_SECONDS, lambda: bool(marked(self.folder)), "go on")
            yield
        finally:
            self.pause()

    def pause(self) -> None:
        """At rest it would take from what another does in its turn. A process that another started meanwhile is stopped too."""
        while running := [one for one in self._processes() if _running(one)]:
            for process in running:
                with suppress(psutil.Error):
                    process.suspend()

    def resume(self) -> None:
        for process in self._processes():
            with suppress(psutil.Error):
                process.resume()

    def _processes(self) -> list[psutil.Process]:
        return [*marked(self.folder), *(self.behind._processes() if self.behind else ())]

    def idle(self, seconds: float = 5.0) -> float:
        """Cores that its processes take while nobody asks, some time after somebody did: vLLM's wait awake for a while."""
        time.sleep(REST_SECONDS)
        before = self._cpu()
        time.sleep(seconds)
        return round((self._cpu() - before) / seconds, 3)

    def _cpu(self) -> float:
        times = []
        for process in marked(self.folder):
            with suppress(psutil.Error):
                times.append(process.cpu_times())
        return sum(one.user + one.system for one in times)

    def completes(self) -> bool:
        url, body = f"http://127.0.0.1:{self.port}/v1/completions", {"model": self.model, "prompt": [300, 301], "max_tokens": 1}
        headers = {"Authorization": f"Bearer {self.keys[0]}"}
        try:
            answer = httpx.post(url, json=body, headers=headers, timeout=30, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


def answering(server: Server, process: subprocess.Popen[bytes], began: float) -> float:
    """Seconds from its start to its first token. Raises RuntimeError."""
    _completing(server, began + START_SECONDS, lambda: process.poll() is None, "start")
    return time.monotonic() - began


def _completing(server: Server, deadline: float, lives: Callable[[], bool], what: str) -> None:
    """Returns when it completes. Raises RuntimeError: it did not do `what`."""
    while not server.completes():
        if not lives() or time.monotonic() > deadline:
            raise RuntimeError(f"{server.name} did not {what}; the logs in {server.folder} say why")
        time.sleep(0.1)


def _running(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE)
    return False


def launch(command: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=log, stderr=log, start_new_session=True)


@contextmanager
def ended(folder: Path) -> Iterator[dict[str, str]]:
    """What marks a server's processes, in their environment; whatever has it at the end of the block is ended."""
    try:
        yield {MARK: str(folder)}
    finally:
        for how in (signal.SIGTERM, signal.SIGKILL):
            found = marked(folder)
            for process in found:
                with suppress(psutil.Error):
                    process.send_signal(how)
                    process.resume()  # a paused one hears nothing
            psutil.wait_procs(found, STOP_SECONDS)
