"""The replica's side of a model host: starts it, keeps it alive, gives it jobs.

States: `booting -> ready -> (lost) -> booting ...`. A host that ends, or does not answer a ping in time,
is killed with its whole process group and started anew; a boot that fails is tried again with back-off.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

from deployments import messages
from deployments.launch import start_host
from deployments.messages import Abort, Boot, Ended, Failed, FailureKind, Ping, Pong, Progress, Ready, Start
from router.catalogue import ModelSpec
from router.engine import Job

PING_SECONDS = 1.0
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 30.0

log = logging.getLogger("ray.serve")

Outcome = Ended | Failed


class HostProcess:
    """One host at a time, forever."""

    def __init__(self, spec: ModelSpec, folder: Path) -> None:
        """`folder` is for sockets; the host's log is written to `folder/../logs`."""
        self.spec, self._folder = spec, folder
        self.phase = "allocating"
        self.reason = ""
        self.engine_version = ""
        self.booted = False
        self._ready = asyncio.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._calls: dict[int, asyncio.Future[Outcome]] = {}
        self._numbers = itertools.count(1)
        self._pings: dict[int, asyncio.Future[Pong]] = {}
        self._supervisor = asyncio.create_task(self._supervise())

    async def ready(self, seconds: float | None = None) -> bool:
        """Waits until the engine answers; False when the time is over."""
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def run(self, job: Job, address: str, stream: int) -> Outcome:
        """Runs a job to its end; a cancelled call aborts it in the engine."""
        if self._writer is None or not self._ready.is_set():
            return Failed(0, FailureKind.ENGINE_DIED, "the engine is being restarted")
        call = next(self._numbers)
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._calls[call] = outcome
        messages.send(self._writer, Start(call, job, address, stream))
        try:
            return await outcome
        finally:
            if not outcome.done() or outcome.cancelled():
                self._send(Abort(call))
            self._calls.pop(call, None)

    def _send(self, message: messages.ToHost) -> None:
        if self._writer is not None and not self._writer.is_closing():
            messages.send(self._writer, message)

    async def _supervise(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            self.booted = False
            began = time.monotonic()
            try:
                await self._live()
            except Exception as error:
                self.reason = f"{type(error).__name__}: {error}"
            log.warning("model %s: the host ended after %.1f s: %s", self.spec.id, time.monotonic() - began, self.reason)
            self._bury()
            if self.booted:
                backoff = FIRST_BACKOFF_SECONDS
            else:
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    async def _live(self) -> None:
        """One host from its start to its end."""
        self.phase, self.reason = "allocating", "it closed its connection"
        reader = await self._spawn()
        async with asyncio.timeout(self.spec.boot_timeout_seconds):
            await self._boot(reader)
        tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._listen(reader))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _spawn(self) -> asyncio.StreamReader:
        self._process, ours = start_host(self.spec, self._folder)
        reader, self._writer = await asyncio.open_connection(sock=ours)
        messages.send(self._writer, Boot(self.spec.model_dump_json(), secrets.randbits(31)))
        return reader

    async def _boot(self, reader: asyncio.StreamReader) -> None:
        while (data := await messages.receive(reader)) is not None:
            match messages.to_replica.decode(data):
                case Progress(phase):
                    self.phase = phase
                case Ready(version):
                    self.engine_version = version
                    self.booted = True
                    self._ready.set()
                    return
        raise RuntimeError(f"the host ended while {self.phase}; its log says why")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (data := await messages.receive(reader)) is not None:
            match messages.to_replica.decode(data):
                case (Ended() | Failed()) as outcome:
                    self._finish(outcome)
                case Pong(number) as pong:
                    answered = self._pings.get(number)
                    if answered is not None and not answered.done():
                        answered.set_result(pong)

    def _finish(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and outcome.kind == FailureKind.ENGINE_DIED:
            self._ready.clear()
        waiting = self._calls.get(outcome.call)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    async def ping(self) -> Pong:
        """A sign of life that went through the engine. Raises TimeoutError."""
        number = next(self._numbers)
        answered = self._pings[number] = asyncio.get_running_loop().create_future()
        self._send(Ping(number))
        try:
            return await asyncio.wait_for(answered, self.spec.hang_seconds)
        finally:
            del self._pings[number]

    async def _watch(self) -> None:
        """Returns when the engine gave no sign of life."""
        with contextlib.suppress(TimeoutError):
            while True:
                await self.ping()
                await asyncio.sleep(PING_SECONDS)
        self.reason = f"the engine gave no sign of life for {self.spec.hang_seconds} s"

    def _bury(self) -> None:
        """Kills what is left of the host and tells its callers."""
        self._ready.clear()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process = None
        for call, waiting in self._calls.items():
            if not waiting.done():
                waiting.set_result(Failed(call, FailureKind.ENGINE_DIED, self.reason))

    def close(self) -> None:
        self._supervisor.cancel()
        self._bury()
