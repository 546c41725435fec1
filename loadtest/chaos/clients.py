"""The load: clients that ask for streams and whole answers, batches and several choices, and leave when they like."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from typing import Any

import httpx

from loadtest.chaos.history import BROKEN, FINISHED, HUNG, LEFT, UNREACHED, Asked
from loadtest.gateways import Gateway

#: A prompt and its tokens.
PROMPT, PROMPT_TOKENS = "hi", 3
LONGEST = 24
#: prompts and choices
SHAPES = ((1, 1), (1, 1), (1, 1), (1, 2), (2, 1), (3, 2))
HANG_SECONDS = 30.0


@dataclass(frozen=True)
class Wish:
    """`leaves`: after how many seconds its client hangs up; None: it stays."""

    stream: bool
    prompts: int
    n: int
    max_tokens: int
    leaves: float | None

    @classmethod
    def drawn(cls, rng: random.Random) -> Wish:
        prompts, n = rng.choice(SHAPES)
        return cls(rng.random() < 0.6, prompts, n, rng.randint(3, LONGEST), rng.uniform(0, 0.8) if rng.random() < 0.2 else None)

    def body(self) -> dict[str, Any]:
        """With every token's id, so that what came can be counted."""
        fields = {"model": "pico", "prompt": [PROMPT] * self.prompts, "n": self.n, "max_tokens": self.max_tokens, "ignore_eos": True}
        return fields | ({"stream": True, "stream_options": {"include_usage": True}, "return_token_ids": True} if self.stream else {})


#: The smallest request.
TOUCH = Wish(stream=False, prompts=1, n=1, max_tokens=1, leaves=None)


class Client:
    """Asks, and notes what came of it in `history`."""

    def __init__(self, gateways: tuple[Gateway, Gateway], keys: dict[str, str], history: list[Asked]) -> None:
        self._gateways, self._keys, self._history = gateways, keys, history
        self._http = httpx.AsyncClient(timeout=None, limits=httpx.Limits(max_connections=None, max_keepalive_connections=0))
        self._zero = time.monotonic()

    async def close(self) -> None:
        await self._http.aclose()

    async def usage(self, key: str, gateway: int) -> dict[str, Any]:
        answer = await self._http.get(f"{self._gateways[gateway].base}/v1/usage", headers={"x-api-key": self._keys[key]}, timeout=5)
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    async def ask(self, key: str, gateway: int, wish: Wish) -> Asked:
        prompt = PROMPT_TOKENS * wish.prompts
        kind, most = "stream" if wish.stream else "whole", wish.prompts * wish.n * wish.max_tokens
        one = Asked(key, gateway, kind, prompt, most, time.monotonic() - self._zero)
        self._history.append(one)
        try:
            async with asyncio.timeout(HANG_SECONDS if wish.leaves is None else wish.leaves):
                await self._send(one, wish)
        except TimeoutError:
            one.outcome = HUNG if wish.leaves is None else LEFT
        except httpx.ConnectError:
            one.outcome = UNREACHED
        except httpx.HTTPError:
            one.outcome = BROKEN
        one.seconds = time.monotonic() - self._zero - one.began
        return one

    async def _send(self, one: Asked, wish: Wish) -> None:
        url, headers = f"{self._gateways[one.gateway].base}/v1/completions", {"x-api-key": self._keys[one.key]}
        async with self._http.stream("POST", url, json=wish.body(), headers=headers) as answer:
            one.status = answer.status_code
            if answer.status_code != 200:
                one.outcome = str(json.loads(await answer.aread())["error"]["code"])
            elif wish.stream:
                await _follow(one, answer)
            else:
                _note(one, json.loads(await answer.aread()))
                one.outcome = FINISHED


async def _follow(one: Asked, answer: httpx.Response) -> None:
    async for line in answer.aiter_lines():
        if line == "data: [DONE]":
            one.outcome = FINISHED
        elif line:
            _note(one, json.loads(line.removeprefix("data: ")))


def _note(one: Asked, document: dict[str, Any]) -> None:
    if "error" in document:
        one.outcome = f"{document['error']['code']} within its stream"
        return
    one.seen += sum(len(choice["token_ids"] or ()) for choice in document["choices"])
    if document["usage"]:
        one.usage = document["usage"]["prompt_tokens"], document["usage"]["completion_tokens"]


async def keep_asking(client: Client, keys: tuple[str, ...], rng: random.Random, enough: asyncio.Event) -> None:
    """One client, until it is enough; what is refused is tried again after a moment."""
    while not enough.is_set():
        one = await client.ask(rng.choice(keys), rng.randrange(2), Wish.drawn(rng))
        if one.outcome not in (FINISHED, LEFT):
            await asyncio.sleep(rng.uniform(0.1, 0.3))
