"""The jobs that run on a host's engine, and who asked for each: its replica, or a gateway of this machine (`channels.py`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from deployments.caller import Caller
from deployments.choices import Choices
from deployments.frames import FrameSender
from deployments.messages import Ended, Failed, FailureKind, Start
from deployments.prefill import Prefill
from router import log as json_log
from router.engine import Delta, EngineDied

log = logging.getLogger("basemodel.host")


@dataclass(frozen=True)
class Running:
    caller: Caller
    start: Start
    task: asyncio.Task[None]


class HostJobs:
    """`died` is told when the engine did, `changed` after each job that began or ended."""

    def __init__(self, choices: Choices, died: Callable[[Exception], None], changed: Callable[[], None]) -> None:
        self._choices, self._died, self._changed = choices, died, changed
        self._frames = FrameSender(self._gateway_lost)
        self._running: dict[tuple[Caller, int], Running] = {}
        self._prefill = Prefill()

    def __len__(self) -> int:
        return len(self._running)

    def of_others(self, caller: Caller) -> int:
        """How many there are besides this caller's."""
        return sum(one.caller is not caller for one in self._running.values())

    @property
    def prefill(self) -> int:
        """Tokens of the prompts that wait to be computed."""
        return self._prefill.tokens

    def begin(self, caller: Caller, start: Start) -> None:
        key = (caller, start.call)
        task = asyncio.create_task(self._run(caller, start))
        self._running[key] = Running(caller, start, task)
        self._prefill.begin(key, start.job)
        task.add_done_callback(lambda _: self._forget(key))
        self._changed()

    def abort(self, caller: Caller, call: int) -> None:
        if (caller, call) in self._running:
            self._cancel((caller, call))

    def leave(self, caller: Caller) -> None:
        """Nobody is there any more who asked for these."""
        for key in self._keys(lambda one: one.caller is caller):
            self._cancel(key)

    def close(self) -> None:
        self._frames.close()

    def _cancel(self, key: tuple[Caller, int]) -> None:
        self._prefill.forget(key)
        self._running[key].task.cancel()

    def _forget(self, key: tuple[Caller, int]) -> None:
        """Also of a job that was aborted before its first step."""
        self._running.pop(key, None)
        self._prefill.forget(key)
        self._changed()

    def _keys(self, of: Callable[[Running], bool]) -> Iterator[tuple[Caller, int]]:
        return iter([key for key, one in self._running.items() if of(one)])

    async def _run(self, caller: Caller, start: Start) -> None:
        """One job to its end; always answers with Ended or Failed, unless aborted."""
        json_log.about(start.job.request_id, start.job.id)
        try:
            await self._choices.run(start.job, partial(self._send, caller, start))
            caller.tell(Ended(start.call, len(self._running) - 1))
        except EngineDied as error:
            log.warning("call %s was lost: the engine died", start.call)
            caller.tell(Failed(start.call, FailureKind.ENGINE_DIED, str(error)))
            self._died(error)
        except Exception as error:
            # vLLM's own words may quote the prompt.
            log.exception("call %s was refused", start.call)
            caller.tell(Failed(start.call, FailureKind.REFUSED, " <- ".join(json_log.failures(error))))

    def _send(self, caller: Caller, start: Start, delta: Delta) -> None:
        self._prefill.came((caller, start.call), delta.choice)
        if start.address:
            self._frames.send(start.address, start.stream, delta)
        else:
            caller.give(start.call, delta)
            if caller.deaf:
                self._lost(lambda one: one.caller is caller)

    def _gateway_lost(self, address: str) -> None:
        self._lost(lambda one: one.start.address == address)

    def _lost(self, of: Callable[[Running], bool]) -> None:
        """Their gateway reads no more; the others go on."""
        for key in self._keys(of):
            job = self._running[key].start.job
            about = {"request_id": job.request_id, "job_id": job.id}
            log.warning("call %s was ended: its gateway stopped taking tokens", key[1], extra=about)
            key[0].tell(Failed(key[1], FailureKind.GATEWAY_LOST, "the gateway stopped taking tokens"))
            self._cancel(key)
