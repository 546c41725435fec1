"""The model host: a process of its own that owns one vLLM engine, for one replica.

`python -m deployments.host FD` inherits the replica's socket as file descriptor FD. The first message is
`Boot`; the end of the socket is the end of this process and of its engine. An engine that fails ends the
process too, with the reason in its log: the replica starts another.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING

from deployments import messages
from deployments.choices import Choices
from deployments.frames import FrameSender
from deployments.messages import Abort, Boot, Ended, Failed, FailureKind, Ping, Pong, Progress, Ready, Start, ToReplica
from deployments.self_check import self_check
from router.catalogue import ModelSpec
from router.engine import EngineDied
from router.lifecycle import Phase

if TYPE_CHECKING:
    from deployments.vllm_engine import VllmEngine

PR_SET_PDEATHSIG = 1
#: A busy engine whose last output is older than this is sent a canary, unless new output comes first.
FRESH_SECONDS = 1.0
LOOK_SECONDS = 0.1

log = logging.getLogger("basemodel.host")


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    die_with_parent()
    connection = socket.socket(fileno=int(sys.argv[1]))
    # A forked engine would hold the connection open after this process is gone.
    os.register_at_fork(after_in_child=connection.close)
    try:
        asyncio.run(serve(connection))
    except Exception:
        log.exception("the model host ends")
    finally:
        # The engine's process and vLLM's threads must not outlive us, whatever state they are in.
        os.killpg(os.getpgid(0), signal.SIGKILL)


def die_with_parent() -> None:
    """The kernel kills this process with the replica, even when it is stopped or hangs (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


async def serve(connection: socket.socket) -> None:
    """Boots the engine, then works until the replica is gone or the engine fails."""
    reader, writer = await asyncio.open_connection(sock=connection)
    boot = await _next(reader)
    if not isinstance(boot, Boot):
        return
    spec = ModelSpec.model_validate_json(boot.spec)
    messages.send(writer, Progress(Phase.LOADING))
    await writer.drain()
    engine, version = await asyncio.to_thread(_start, spec, boot.seed)
    messages.send(writer, Progress(Phase.WARMING))
    await self_check(engine, spec)
    messages.send(writer, Ready(version))
    await Host(engine, spec, writer).work(reader)


def _start(spec: ModelSpec, seed: int) -> tuple[VllmEngine, str]:
    from deployments import vllm_engine, vllm_patches

    vllm_patches.install(exact=spec.determinism == "exact")
    return vllm_engine.VllmEngine(spec, seed), vllm_patches.VERSION


async def _next(reader: asyncio.StreamReader) -> messages.ToHost | None:
    data = await messages.receive(reader)
    return None if data is None else messages.to_host.decode(data)


class Host:
    """The jobs that run on the engine, by the number of their call."""

    def __init__(self, engine: VllmEngine, spec: ModelSpec, writer: asyncio.StreamWriter) -> None:
        self._engine, self._writer = engine, writer
        self._choices = Choices(engine, spec)
        self._frames = FrameSender(self._gateway_lost)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._addresses: dict[int, str] = {}
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._canary: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    async def work(self, reader: asyncio.StreamReader) -> None:
        """Handles messages until the replica is gone; raises what the engine failed with."""
        listening = asyncio.create_task(self._listen(reader))
        try:
            await asyncio.wait([listening, self._failure], return_when=asyncio.FIRST_COMPLETED)
            if self._failure.done():
                self._failure.result()
        finally:
            listening.cancel()
            self._frames.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (message := await _next(reader)) is not None:
            match message:
                case Start():
                    self._begin(message)
                case Abort(call) if call in self._tasks:
                    self._tasks[call].cancel()
                case Ping(number):
                    self._spawn(self._answer(number))

    def _begin(self, start: Start) -> None:
        task = asyncio.create_task(self._run(start))
        self._addresses[start.call], self._tasks[start.call] = start.address, task
        task.add_done_callback(lambda _: self._forget(start.call))

    def _forget(self, call: int) -> None:
        """Also for a job that was aborted before its first step."""
        self._tasks.pop(call, None)
        self._addresses.pop(call, None)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _run(self, start: Start) -> None:
        """One job to its end; always answers with Ended or Failed, unless aborted."""
        try:
            await self._choices.run(start.job, partial(self._frames.send, start.address, start.stream))
            self._answer_call(Ended(start.call))
        except EngineDied as error:
            self._answer_call(Failed(start.call, FailureKind.ENGINE_DIED, str(error)))
            self._fail(error)
        except Exception as error:
            log.exception("call %s was refused", start.call)
            self._answer_call(Failed(start.call, FailureKind.REFUSED, f"{type(error).__name__}: {error}"))

    async def _answer(self, number: int) -> None:
        """A pong as soon as the engine is seen to work: by output that is fresh or comes now, or by a canary.

        A busy engine may hold the canary back for long, behind every prompt that waits.
        """
        under_way = None if self._canary is None or self._canary.done() else self._canary
        running, asked = self._engine.running + self._choices.waiting - (under_way is not None), time.monotonic()
        if running and asked - self._engine.last_output < FRESH_SECONDS:
            return self._answer_call(Pong(number, running))
        self._canary = under_way or asyncio.create_task(self._sing())
        while not self._canary.done() and self._engine.last_output < asked:
            await asyncio.wait([self._canary], timeout=LOOK_SECONDS)
        self._answer_call(Pong(number, running))

    async def _sing(self) -> None:
        try:
            await self._engine.canary()
        except EngineDied as error:
            self._fail(error)

    def _answer_call(self, message: ToReplica) -> None:
        messages.send(self._writer, message)

    def _fail(self, error: Exception) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)

    def _gateway_lost(self, address: str) -> None:
        for call, used in list(self._addresses.items()):
            if used == address and call in self._tasks:
                self._answer_call(Failed(call, FailureKind.GATEWAY_LOST, "the gateway stopped taking frames"))
                self._tasks[call].cancel()


if __name__ == "__main__":
    main()
