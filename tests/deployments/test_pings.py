"""An engine is silent only while somebody could have heard it."""

import asyncio
import time

import pytest

from deployments.messages import Ping, Pong
from deployments.pings import Pings


async def test_an_engine_that_answers_is_heard() -> None:
    pings = Pings(5)
    sent: list[Ping] = []
    asked = asyncio.create_task(pings.ask(sent.append))
    await asyncio.sleep(0)
    pings.came(Pong(sent[0].number + 7, 0))  # of another ping
    pings.came(Pong(sent[0].number, 3))
    assert (await asked).running == 3


async def test_an_engine_that_does_not_answer_is_silent_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"no sign of life for 0\.2 s"):
        await Pings(0.2).ask(lambda _: None)
    assert time.monotonic() - began >= 0.2


async def test_a_machine_that_stood_still_finds_its_engine_alive() -> None:
    pings = Pings(0.5)
    sent: list[Ping] = []
    asked = asyncio.create_task(pings.ask(sent.append))
    await asyncio.sleep(0)
    time.sleep(1)  # noqa: ASYNC251  # nothing runs here meanwhile, as on a paused machine
    asyncio.get_running_loop().call_later(0.01, pings.came, Pong(sent[0].number, 1))
    assert (await asked).running == 1
