"""The model host: a process of its own that owns one vLLM engine, for one replica.

`python -m deployments.host FD` inherits the replica's socket as file descriptor FD; a zygote calls `run`. The first
message is `Boot`; the end of the socket is the end of this process and of its engine. An engine that fails ends the
process too, which says why: the replica starts another.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Coroutine
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from deployments import messages
from deployments.boot_sheet import BootSheet
from deployments.choices import Choices
from deployments.engine_boot import boot_engine
from deployments.frames import FrameSender
from deployments.messages import Abort, Boot, Broken, Ended, Failed, FailureKind, Ping, Pong, Ready, Start, ToReplica
from deployments.prefill import Prefill
from router.catalogue import ModelSpec
from router.engine import Delta, EngineDied

if TYPE_CHECKING:
    from deployments.vllm_engine import VllmEngine

PR_SET_PDEATHSIG = 1
#: A busy engine whose last output is older than this is sent a canary, unless new output comes first.
FRESH_SECONDS = 1.0
LOOK_SECONDS = 0.1
#: What the event loop may still do once the replica has hung up.
LAST_WORDS_SECONDS = 1.0

log = logging.getLogger("basemodel.host")


def main() -> None:
    die_with_parent()
    run(socket.socket(fileno=int(sys.argv[1])))


def run(connection: socket.socket) -> NoReturn:
    """The whole life of this process, which leads a process group: it ends with everything that it started."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    # A forked engine would hold the connection open after this process is gone.
    os.register_at_fork(after_in_child=connection.close)
    threading.Thread(target=_end_with, args=(connection.fileno(),), daemon=True).start()
    try:
        asyncio.run(serve(connection))
    except Exception:
        log.exception("the model host ends")
    finally:
        # The engine's process and vLLM's threads must not outlive us, whatever state they are in.
        os.killpg(os.getpgid(0), signal.SIGKILL)
    raise AssertionError("a killed process goes no further")


def die_with_parent() -> None:
    """The kernel kills this process with the replica, even when it is stopped or hangs (prctl(2)).

    Only for a spawned host: a forked one's parent is the zygote, which watches the replica in the kernel's place.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with(descriptor: int) -> None:
    """Ends everything once the replica has hung up, also where the event loop stands still."""
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    poll.poll()
    time.sleep(LAST_WORDS_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)


async def serve(connection: socket.socket) -> None:
    """Boots the engine, then works until the replica is gone or the engine fails, and says why."""
    reader, writer = await asyncio.open_connection(sock=connection)
    boot = await _next(reader)
    if not isinstance(boot, Boot):
        return
    sheet = BootSheet.create()
    try:
        spec = ModelSpec.model_validate_json(boot.spec)
        engine, version = await boot_engine(spec, boot.seed, sheet, partial(messages.send, writer))
        messages.send(writer, Ready(version))
        await Host(engine, spec, writer).work(reader)
    except Exception as error:
        reason = sheet.reason or f"{type(error).__name__}: {error}"
        messages.send(writer, Broken(" ".join(reason.split())))
        await writer.drain()
        raise


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
        self._prefill = Prefill()
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
                    self._prefill.forget(call)
                    self._tasks[call].cancel()
                case Ping(number):
                    self._spawn(self._answer(number))

    def _begin(self, start: Start) -> None:
        task = asyncio.create_task(self._run(start))
        self._addresses[start.call], self._tasks[start.call] = start.address, task
        self._prefill.begin(start.call, start.job)
        task.add_done_callback(lambda _: self._forget(start.call))

    def _forget(self, call: int) -> None:
        """Also for a job that was aborted before its first step."""
        self._tasks.pop(call, None)
        self._addresses.pop(call, None)
        self._prefill.forget(call)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _run(self, start: Start) -> None:
        """One job to its end; always answers with Ended or Failed, unless aborted."""
        try:
            await self._choices.run(start.job, partial(self._send, start))
            self._answer_call(Ended(start.call))
        except EngineDied as error:
            self._answer_call(Failed(start.call, FailureKind.ENGINE_DIED, str(error)))
            self._fail(error)
        except Exception as error:
            log.exception("call %s was refused", start.call)
            self._answer_call(Failed(start.call, FailureKind.REFUSED, f"{type(error).__name__}: {error}"))

    def _send(self, start: Start, delta: Delta) -> None:
        self._prefill.came(start.call, delta.choice)
        self._frames.send(start.address, start.stream, delta)

    async def _answer(self, number: int) -> None:
        """A pong as soon as the engine is seen to work: by output that is fresh or comes now, or by a canary.

        A busy engine may hold the canary back for long, behind every prompt that waits.
        """
        under_way = None if self._canary is None or self._canary.done() else self._canary
        running, asked = self._engine.running + self._choices.waiting - (under_way is not None), time.monotonic()
        prefill = self._prefill.tokens
        if running and asked - self._engine.last_output < FRESH_SECONDS:
            return self._answer_call(Pong(number, running, prefill))
        self._canary = under_way or asyncio.create_task(self._sing())
        while not self._canary.done() and self._engine.last_output < asked:
            await asyncio.wait([self._canary], timeout=LOOK_SECONDS)
        self._answer_call(Pong(number, running, prefill))

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
