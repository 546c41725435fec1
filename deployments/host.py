"""The model host: a process of its own that owns one vLLM engine, for one replica.

`python -m deployments.host FD` inherits the replica's socket as file descriptor FD; a zygote calls `run`. The first
message is `Boot`; the end of the socket is the end of this process and of its engine. An engine that fails ends the
process too, which says why: the replica starts another.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import logging.config
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

import msgspec
import uvloop

from deployments import messages
from deployments.boot_sheet import BootSheet
from deployments.caller import Caller
from deployments.choices import Choices
from deployments.engine_boot import boot_engine
from deployments.host_jobs import HostJobs
from deployments.launch import VLLM_LOGGING
from deployments.messages import Abort, Boot, Broken, Direct, Ping, Pong, Ready, Start
from router import log as json_log
from router.catalogue import ModelSpec
from router.engine import EngineDied

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
    log_as_json()
    # A forked engine would hold the connection open after this process is gone.
    os.register_at_fork(after_in_child=connection.close)
    threading.Thread(target=_end_with, args=(connection.fileno(),), daemon=True).start()
    try:
        uvloop.run(serve(connection))
    except Exception:
        log.exception("the model host ends")
    finally:
        # The engine's process and vLLM's threads must not outlive us, whatever state they are in.
        os.killpg(os.getpgid(0), signal.SIGKILL)
    raise AssertionError("a killed process goes no further")


def log_as_json() -> None:
    """Our lines and vLLM's, which sets up its own logging only once it knows its configuration."""
    logging.config.dictConfig(json.loads(VLLM_LOGGING.read_bytes()))
    json_log.install("engine")


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
        host = Host(engine, spec, writer)
        if boot.door:
            await host.open(boot.door)
        messages.send(writer, Ready(version))
        await host.work(reader)
    except Exception as error:
        reason = sheet.reason or f"{type(error).__name__}: {error}"
        messages.send(writer, Broken(" ".join(reason.split())))
        await writer.drain()
        raise


async def _next(reader: asyncio.StreamReader) -> messages.ToHost | None:
    data = await messages.receive(reader)
    return None if data is None else messages.to_host.decode(data)


class Host:
    """The jobs of a replica, and of the gateways that come in by its door, on one engine."""

    def __init__(self, engine: VllmEngine, spec: ModelSpec, writer: asyncio.StreamWriter) -> None:
        self._engine, self._replica = engine, Caller(writer)
        self._choices = Choices(engine, spec)
        self.jobs = HostJobs(self._choices, self._fail, self._tell)
        self._told = False
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._canary: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._door: asyncio.Server | None = None
        self._gateways: set[asyncio.StreamWriter] = set()

    async def open(self, path: str) -> None:
        """From now on gateways may call."""
        self._door = await asyncio.start_unix_server(self._gateway, path)

    async def work(self, reader: asyncio.StreamReader) -> None:
        """Handles messages until the replica is gone; raises what the engine failed with."""
        listening = asyncio.create_task(self._listen(reader))
        try:
            await asyncio.wait([listening, self._failure], return_when=asyncio.FIRST_COMPLETED)
            if self._failure.done():
                self._failure.result()
        finally:
            listening.cancel()
            self._close()

    def _close(self) -> None:
        self.jobs.close()
        if self._door is not None:
            self._door.close()
        for writer in self._gateways:
            writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (message := await _next(reader)) is not None:
            match message:
                case Ping(number):
                    self._spawn(self._answer(number))
                case _:
                    self._take(self._replica, message)

    async def _gateway(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One gateway, until it hangs up."""
        caller = Caller(writer)
        self._gateways.add(writer)
        try:
            while (message := await _next(reader)) is not None:
                self._take(caller, message)
        except msgspec.MsgspecError:
            log.warning("a gateway said what no gateway says; it has to call again")
        finally:
            self.jobs.leave(caller)
            self._gateways.discard(writer)
            writer.close()

    def _take(self, caller: Caller, message: messages.ToHost) -> None:
        match message:
            case Start():
                self.jobs.begin(caller, message)
            case Abort(call):
                self.jobs.abort(caller, call)

    def _tell(self) -> None:
        """The replica hears when the first job begins, and the last one ends, that it did not send itself."""
        busy = self.jobs.of_others(self._replica) > 0
        if busy != self._told:
            self._told = busy
            self._replica.tell(Direct(busy))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _answer(self, number: int) -> None:
        """A pong as soon as the engine is seen to work: by output that is fresh or comes now, or by a canary.

        A busy engine may hold the canary back for long, behind every prompt that waits.
        """
        under_way = None if self._canary is None or self._canary.done() else self._canary
        running, asked = self._engine.running + self._choices.waiting - (under_way is not None), time.monotonic()
        prefill = self.jobs.prefill
        if running and asked - self._engine.last_output < FRESH_SECONDS:
            return self._replica.tell(Pong(number, running, prefill, self._engine.measured()))
        self._canary = under_way or asyncio.create_task(self._sing())
        while not self._canary.done() and self._engine.last_output < asked:
            await asyncio.wait([self._canary], timeout=LOOK_SECONDS)
        self._replica.tell(Pong(number, running, prefill, self._engine.measured()))

    async def _sing(self) -> None:
        try:
            await self._engine.canary()
        except EngineDied as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)


if __name__ == "__main__":
    main()
