"""Clients that ask over HTTP, each on a connection of its own, and note all that comes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from typing import Any

import httpx

from loadtest.faults.asked import COMPLETE, HUNG, REFUSED, Asked, Expected
from loadtest.faults.scripted_host import SECONDS_PER_PROMPT_TOKEN, SECONDS_PER_TOKEN

#: Beyond what an answer takes, until it counts as hung.
HANG_SECONDS = 90.0
PROBE_SECONDS = 0.5
PROMPT = (1, 2, 3)


class Clients:
    """All of one scene; `asked` has every request since its beginning."""

    def __init__(self, base: str, key: str) -> None:
        self._base, self._headers = base, {"x-api-key": key}
        self._http = httpx.AsyncClient(timeout=None, limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))
        self._zero, self._seeds, self._expected = time.monotonic(), itertools.count(1), Expected()
        self.asked: list[Asked] = []

    async def close(self) -> None:
        await self._http.aclose()

    @property
    def now(self) -> float:
        return time.monotonic() - self._zero

    async def ask(
        self, group: str, model: str = "pico", stream: bool = False, seconds: float = 0.0, prompt: tuple[int, ...] = PROMPT
    ) -> Asked:
        """A request whose answer takes so many seconds, as far as its tokens go; it returns however it ends."""
        most = max(1, round(seconds / SECONDS_PER_TOKEN))
        one = Asked(group, model, stream, prompt, next(self._seeds), most, began=self.now)
        self.asked.append(one)
        try:
            async with asyncio.timeout(seconds + SECONDS_PER_PROMPT_TOKEN * len(prompt) + HANG_SECONDS):
                await self._send(one)
        except TimeoutError:
            one.outcome = HUNG
        except httpx.ConnectError:
            one.outcome = REFUSED
        except httpx.HTTPError:
            pass
        one.end(self.now)
        await self._expected.check(one)
        return one

    async def _send(self, one: Asked) -> None:
        async with self._http.stream("POST", f"{self._base}/v1/completions", json=one.body, headers=self._headers) as answer:
            one.status, one.retry_after = answer.status_code, answer.headers.get("retry-after", "")
            if answer.status_code != 200:
                one.outcome = f"{answer.status_code} {_code(await answer.aread())}"
            elif one.stream:
                await self._follow(one, answer)
            else:
                self._note(one, json.loads(await answer.aread()))
                one.outcome = COMPLETE

    async def _follow(self, one: Asked, answer: httpx.Response) -> None:
        failed = ""
        async for line in answer.aiter_lines():
            if line == "data: [DONE]":
                one.outcome = failed or COMPLETE
            elif line.startswith("data: "):
                failed = self._note(one, json.loads(line.removeprefix("data: "))) or failed

    def _note(self, one: Asked, document: dict[str, Any]) -> str:
        """What an event or a whole answer says; the outcome where it is an error."""
        if "error" in document:
            return f"{document['error']['code']} event"
        for choice in document["choices"]:
            one.take(choice["token_ids"] or [], self.now)
        if document["usage"]:
            one.usage = document["usage"]["total_tokens"]
        return ""

    async def replicas(self, model: str) -> int:
        """How many run, as a gateway says."""
        try:
            answer = await self._http.get(f"{self._base}/v1/models/{model}", headers=self._headers, timeout=5.0)
            return int(answer.json()["replicas"]["running"])
        except (httpx.HTTPError, ValueError, KeyError):
            return 0

    async def probe(self, group: str, enough: asyncio.Event, model: str = "pico") -> None:
        """A new request of one token every PROBE_SECONDS, whatever becomes of those before; returns once all of them have ended."""
        async with asyncio.TaskGroup() as tasks:
            while not enough.is_set():
                tasks.create_task(self.ask(group, model))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(enough.wait(), PROBE_SECONDS)


def _code(body: bytes) -> str:
    """The error's code, or how an answer begins that is none of ours."""
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return f"not ours: {body[:40].decode(errors='replace')!r}"
