"""Calls of scripts, many in one round trip: what is called while Redis answers an earlier call goes out together.

A round trip costs a gateway as much as validating a request does, whether one script runs in it or twenty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis, RedisCluster
from redis.commands.core import AsyncScript
from redis.exceptions import NoScriptError

MOST_TOGETHER = 64
#: Round trips at the same time: where the event loop has much to do, each takes many of its turns.
LANES = 2


class Call(NamedTuple):
    script: AsyncScript
    keys: Sequence[str]
    args: Sequence[str | int]
    answer: asyncio.Future[Any]

    def end(self, answer: Any) -> None:
        """Whoever waits no longer is told nothing."""
        if self.answer.done():
            return
        if isinstance(answer, BaseException):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Batches:
    """Of one client. Those that wait go in the order of their calls. A Cluster's calls go to several servers, and each goes alone."""

    def __init__(self, redis: Redis) -> None:
        self._redis, self._alone = redis, isinstance(redis, RedisCluster)
        self._waiting: list[Call] = []
        self._busy = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, script: AsyncScript, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """Raises what redis-py raises."""
        if self._alone:
            return await script(keys, args)
        if self._busy < LANES:
            return await self._first(script, keys, args)
        call = Call(script, keys, args, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        return await call.answer

    async def _first(self, script: AsyncScript, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        """A lane is free, so it waits for nobody."""
        self._busy += 1
        try:
            return await script(keys, args)
        finally:
            self._go_on()

    def _go_on(self) -> None:
        """The lane that has become free is for those that wait."""
        if self._waiting:
            task = asyncio.create_task(self._run_waiting())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._busy -= 1

    async def _run_waiting(self) -> None:
        calls, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        calls = [call for call in calls if not call.answer.done()]
        try:
            for call, answer in zip(calls, await self._answers(calls), strict=True):
                call.end(answer)
        finally:
            self._go_on()

    async def _answers(self, calls: list[Call]) -> list[Any]:
        """Of each: what it answered, or what it raised."""
        try:
            async with self._redis.pipeline(transaction=False) as together:
                for script, keys, args, _ in calls:
                    together.evalsha(script.sha, len(keys), *keys, *args)
                answers = await together.execute(raise_on_error=False)
            return [await _told(call, answer) for call, answer in zip(calls, answers, strict=True)]
        except Exception as error:
            return [error] * len(calls)


async def _told(call: Call, answer: Any) -> Any:
    """Redis does not know the script since it was started again: then it is sent with its text."""
    if not isinstance(answer, NoScriptError):
        return answer
    try:
        return await call.script(call.keys, call.args)
    except Exception as error:
        return error
