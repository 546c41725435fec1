"""The replica's side of a model host: starts it, keeps it alive, gives it jobs.

States: `booting -> ready -> (lost) -> booting ...`. A host that ends, or does not answer a ping in time,
is killed with its whole process group and started anew; a boot that fails is tried again with back-off.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from deployments import launch as launching
from deployments import messages
from deployments.boot_listener import NOBODY, Listener
from deployments.launched import Launched
from deployments.messages import Abort, Boot, Broken, Direct, Ended, Failed, FailureKind, Pong, Progress, Ready, Start
from deployments.pings import Pings
from router.catalogue import ModelSpec
from router.engine import Job
from router.lifecycle import Phase
from router.metrics import Sample

PING_SECONDS = 1.0
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 30.0
#: An engine that ends sooner after its boot began counts as one that failed, where another did before.
STEADY_SECONDS = 20.0
#: How long nothing must have run before a host that is not wanted any more may end.
QUIET_SECONDS = 0.4
#: A killed process that takes longer to go is left to the kernel.
BURIAL_SECONDS = 10.0

log = logging.getLogger("ray.serve")

Outcome = Ended | Failed
Launch = Callable[[ModelSpec, Path], Awaitable[Launched]]


class HostProcess:
    """One host at a time, forever."""

    def __init__(
        self, spec: ModelSpec, folder: Path, listener: Listener = NOBODY, launch: Launch = launching.launch, door: Path | None = None
    ) -> None:
        """`folder` is for sockets; the host's log is written to `folder/../logs`. At `door` gateways may call it."""
        self.spec, self._folder, self._launch, self._door = spec, folder, launch, door
        self._listener = listener
        self.phase = Phase.ALLOCATING
        self.reason = self.engine_version = ""
        self.booted = self._direct = False
        self.last_pong: Pong | None = None
        self._ran = time.monotonic()
        self._ready = asyncio.Event()
        self._process: Launched | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._calls: dict[int, asyncio.Future[Outcome]] = {}
        self._numbers = itertools.count(1)
        self._pings = Pings(spec.hang_seconds)
        self._supervisor = asyncio.create_task(self._supervise())

    @property
    def busy(self) -> bool:
        """Whether a job runs or waits here."""
        return bool(self._calls) or self._direct

    @property
    def idle_since(self) -> float:
        """The last moment that a job ran (time.monotonic)."""
        return time.monotonic() if self.busy else self._ran

    @property
    def load(self) -> dict[str, float]:
        """As of the last pong: unfinished choices, and the prompt tokens that they wait for."""
        pong = self.last_pong or Pong(0, 0)
        return {"running": float(pong.running), "prefill": float(pong.prefill)}

    @property
    def measured(self) -> list[Sample]:
        """What the engine counted, as of the last pong; nothing while there is none."""
        return self.last_pong.measured if self.last_pong is not None and self._ready.is_set() else []

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
            return Failed(0, FailureKind.NOT_READY, "the engine is being restarted")
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
            self._ran = time.monotonic()

    def _send(self, message: messages.ToHost) -> None:
        if self._writer is not None and not self._writer.is_closing():
            messages.send(self._writer, message)

    async def _supervise(self) -> None:
        failures = 0
        while True:
            self.booted = False
            began = time.monotonic()
            try:
                await self._live()
            except Exception as error:
                self.reason = str(error) or type(error).__name__
            log.warning("model %s: the host ended after %.1f s: %s", self.spec.id, time.monotonic() - began, self.reason)
            await self._bury()
            failures = 0 if self.booted and time.monotonic() - began > STEADY_SECONDS else failures + 1
            await asyncio.sleep(self._tell_end(failures))

    def _tell_end(self, failures: int) -> float:
        """Seconds until the next try: none after the first loss of an engine that was ready."""
        backoff = min(FIRST_BACKOFF_SECONDS * 2.0 ** max(0, failures - 1), LONGEST_BACKOFF_SECONDS)
        if self.booted:
            self._listener.lost(self.reason)
            return backoff if failures > 1 else 0.0
        self._listener.failed(self.reason, backoff)
        return backoff

    async def _live(self) -> None:
        """One host from its start to its end. Raises for a boot that fails, with the reason."""
        self.phase, self.reason = Phase.ALLOCATING, "it closed its connection"
        try:
            async with asyncio.timeout(self.spec.boot_timeout_seconds):
                reader = await self._begin()
                await self._boot(reader)
        except TimeoutError:
            raise RuntimeError(f"the engine was still {self.phase} after {self.spec.boot_timeout_seconds} s") from None
        tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._listen(reader))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _begin(self) -> asyncio.StreamReader:
        self._process = await self._launch(self.spec, self._folder)
        self._listener.began(self._process.how)
        reader, self._writer = await asyncio.open_connection(sock=self._process.connection)
        messages.send(self._writer, Boot(self.spec.model_dump_json(), secrets.randbits(31), str(self._door or "")))
        return reader

    async def _boot(self, reader: asyncio.StreamReader) -> None:
        while (data := await messages.receive(reader)) is not None:
            match messages.to_replica.decode(data):
                case Progress(phase, done, total):
                    self.phase = Phase(phase)
                    self._listener.phase(self.phase, done, total)
                case Broken(reason):
                    raise RuntimeError(reason)
                case Ready(version):
                    self.engine_version = version
                    self.booted, self._ran, self.last_pong = True, time.monotonic(), None
                    self._listener.ready()
                    self._ready.set()
                    return
        raise RuntimeError(f"the host ended while {self.phase}; its log ends with: {launching.last_line(self.spec, self._folder)}")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (data := await messages.receive(reader)) is not None:
            match messages.to_replica.decode(data):
                case (Ended() | Failed()) as outcome:
                    self._finish(outcome)
                case Broken(reason):
                    self.reason = reason
                case Direct(busy):
                    self._direct, self._ran = busy, time.monotonic()
                case Pong() as pong:
                    self.last_pong = pong
                    self._pings.came(pong)

    def _finish(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and outcome.kind == FailureKind.ENGINE_DIED:
            self._ready.clear()
        waiting = self._calls.get(outcome.call)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    async def ping(self) -> Pong:
        """A sign of life that went through the engine. Raises TimeoutError."""
        return await self._pings.ask(self._send)

    async def _watch(self) -> None:
        """Returns when the engine gave no sign of life."""
        try:
            while True:
                await self.ping()
                await asyncio.sleep(PING_SECONDS)
        except TimeoutError as silence:
            self.reason = str(silence)

    async def _bury(self) -> None:
        """Sees that nothing is left of the host."""
        process = self._process
        self._strike()
        if process is not None and not await asyncio.to_thread(process.gone, BURIAL_SECONDS):
            log.warning("model %s: its host %s does not end", self.spec.id, process.pid)

    def _strike(self) -> None:
        """Kills the host and tells its callers."""
        self._ready.clear()
        self._direct = False
        if self._door is not None:
            self._door.unlink(missing_ok=True)
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._process is not None:
            self._process.kill()
            self._process = None
        for call, waiting in self._calls.items():
            if not waiting.done():
                waiting.set_result(Failed(call, FailureKind.ENGINE_DIED, self.reason))

    async def drained(self) -> None:
        """Returns when nothing has run here for a moment: gateways that have not heard yet that the replica goes still call."""
        while self.busy or time.monotonic() - self._ran < QUIET_SECONDS:  # noqa: ASYNC110  # time alone ends it too
            await asyncio.sleep(QUIET_SECONDS / 4)

    def close(self) -> None:
        """Blocks until the host is gone, which its kernel sees to at once."""
        self._supervisor.cancel()
        process = self._process
        self._strike()
        if process is not None:
            process.gone(BURIAL_SECONDS)
