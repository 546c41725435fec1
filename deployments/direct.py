"""Calls of a model's hosts on this machine, without Serve: the same choice of a replica, and the same failures, at less cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from deployments import balance, replica_sets
from deployments.balance import Balance
from deployments.channels import Channel, Channels, Outcome
from deployments.inbox import Inbox
from deployments.messages import Failed
from deployments.prefix_keys import Hint, keys_of
from router.engine import EngineError, Job

#: What a job's failure means, of its kind, reason and replica.
Failure = Callable[[str, str, str], EngineError]


class DirectCall:
    def __init__(self, channel: Channel, balance: Balance, replica: str, failure: Failure) -> None:
        self._channel, self._balance, self._replica, self._failure = channel, balance, replica, failure
        self.inbox, self.ended = Inbox(), asyncio.get_running_loop().create_future()
        self._number = 0
        self._name = ""

    def begin(self, job: Job) -> None:
        self._name = job.id
        self._balance.loads.begin(self._replica, self._name, len(job.seeds))
        self._number = self._channel.start(job, self.inbox, self._told)

    def _told(self, outcome: Outcome) -> None:
        self._balance.loads.end(self._replica, self._name)
        if isinstance(outcome, Failed):
            error = self._failure(outcome.kind.value, outcome.reason, self._replica)
        else:
            error = None
            self._balance.others[self._replica] = outcome.others
        if not self.ended.done():
            self.ended.set_result(None) if error is None else self.ended.set_exception(error)

    def cut(self) -> None:
        if not self.ended.done():
            self._balance.loads.end(self._replica, self._name)
            self._channel.abort(self._number)
            self.ended.cancel()

    def let_end(self) -> None:
        """Its host says so next."""


class DirectCalls:
    def __init__(self, app_name: str, channels: Channels) -> None:
        self._app, self._channels = app_name, channels

    async def begin(self, job: Job, failure: Failure) -> DirectCall | None:
        """None where the replica for this job is on another machine, or its host cannot be reached now."""
        known, running = balance.of(self._app), replica_sets.running(self._app)
        if known is None or not running:
            return None
        replica = known.choose(Hint(len(job.seeds), keys_of(job)), dict.fromkeys(running, 0))
        channel = await self._channels.to(replica)
        if channel is None:
            return None
        call = DirectCall(channel, known, replica, failure)
        call.begin(job)
        return call
