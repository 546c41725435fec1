"""Mutated bodies against the real engine: it goes on in the same process, and every one of them is answered."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from random import Random

import httpx
import pytest

from tests.cluster import Stack
from tests.router.errors import assert_error
from tests.router.hostile import bodies

pytestmark = pytest.mark.stack

BODIES, AT_ONCE = 2_000, 16


def family(stack: Stack) -> list[int]:
    """The model host and its engine."""
    host = stack.host()
    assert host is not None
    return [host.pid, *(child.pid for child in host.children(recursive=True))]


def assert_answered(response: httpx.Response, sent: bytes) -> None:
    """Also of a model that sleeps, since a body may name any."""
    assert response.status_code in (200, 400, 404, 503), (sent, response.text[:500])
    if response.status_code != 200:
        error = response.json()["error"]
        assert_error(response, response.status_code, error["code"], error["param"])
        assert (error["param"] is None) == (error["code"] == "invalid_json"), sent
        assert (response.status_code == 503) == (error["code"] == "cold_boot"), sent
    elif response.headers["content-type"].startswith("text/event-stream"):
        assert response.text.endswith("data: [DONE]\n\n"), sent
        assert 'data: {"error"' not in response.text, sent
    else:
        assert response.json()["choices"], sent


async def post_all(stack: Stack, waiting: Iterator[bytes]) -> Counter[int]:
    headers = {"authorization": f"Bearer {stack.key}", "content-type": "application/json"}
    statuses: Counter[int] = Counter()

    async def work(client: httpx.AsyncClient) -> None:
        for body in waiting:
            response = await client.post(f"{stack.base_url}/completions", content=body, headers=headers)
            assert_answered(response, body)
            statuses[response.status_code] += 1

    async with httpx.AsyncClient(timeout=300) as client:
        await asyncio.gather(*(work(client) for _ in range(AT_ONCE)))
    return statuses


@pytest.mark.timeout(900)
def test_two_thousand_mutated_bodies_end_no_engine(stack: Stack) -> None:
    seed = int(os.environ.get("HOSTILE_SEED", Random().randrange(1 << 32)))
    print(f"HOSTILE_SEED={seed}")
    assert stack.client().completions.create(model="pico", prompt="The", max_tokens=1).choices
    before = family(stack)
    statuses = asyncio.run(post_all(stack, bodies(seed, BODIES)))
    print(statuses)
    assert statuses.total() == BODIES
    assert min(statuses[200], statuses[400]) > BODIES // 20
    assert family(stack) == before
    assert stack.client().completions.create(model="pico", prompt="The", max_tokens=1).choices
