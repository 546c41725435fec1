"""The nodes of a cluster on this machine, as seen by who starts, kills and restarts them and their processes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil

from basemodel.cluster.processes import MARK, marked, title, wait_gone
from loadtest.faults.node import Options
from loadtest.gateways import CHECKOUT

START_SECONDS = 90.0
GONE_SECONDS = 10.0
GCS, CONTROLLER, PROXY = "gcs_server", "ray::ServeController", "ray::ProxyActor"
GATEWAY = "ray::ServeReplica:gateway:Gateway"


@dataclass
class RayNode:
    """One node; `name` is also its resource, and `role` that of all nodes that do the same."""

    home: Path
    name: str
    role: str
    environment: dict[str, str] = field(repr=False)

    @property
    def mark(self) -> Path:
        return self.home / "nodes" / self.name

    def start(self, address: str | None = None, port: int | None = None) -> str:
        """Starts its processes, of the head without `address`; the GCS's address."""
        options = Options(str(self.home / "ray"), {self.name: 1.0, self.role: 1.0}, address, port)
        environment = self.environment | {MARK: str(self.mark)}
        self.mark.mkdir(parents=True, exist_ok=True)
        log = self.mark / "node.log"
        with log.open("ab") as errors:
            command = [sys.executable, "-m", "loadtest.faults.node", msgspec.json.encode(options).decode()]
            output = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=environment, cwd=CHECKOUT,
                start_new_session=True, timeout=START_SECONDS, check=True, text=True,
            ).stdout  # fmt: skip
        return output.split()[-1]

    @property
    def processes(self) -> list[psutil.Process]:
        return marked(self.mark)

    def named(self, name: str) -> list[psutil.Process]:
        """Its processes whose title begins so."""
        return [one for one in self.processes if title(one).startswith(name)]

    def kill_one(self, name: str) -> None:
        """The oldest process whose title begins so. Raises LookupError where there is none."""
        found = self.named(name)
        if not found:
            raise LookupError(f"no {name} on {self.name}")
        kill(found[:1])

    def kill(self) -> None:
        """All of it at once, as if the machine lost power, and whatever was just being started."""
        while processes := self.processes:
            kill(processes)

    def signal(self, number: int) -> None:
        for process in self.processes:
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)


def kill(processes: list[psutil.Process]) -> None:
    """SIGKILL, and the wait for their end."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    wait_gone(processes, GONE_SECONDS)


def killed_gcs(head: RayNode) -> Callable[[], subprocess.Popen[bytes]]:
    """Kills the GCS; what starts it again, as it was started, from what it stored."""
    (gcs,) = head.named(GCS)
    command, environment = gcs.cmdline(), gcs.environ()
    kill([gcs])
    return lambda: subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
