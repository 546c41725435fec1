"""All models as a gateway sees them: Redis is real, Serve is not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from deployments import fleet as module
from deployments import replica_sets
from deployments.channels import Channels
from deployments.controller import Told
from deployments.fleet import ServeFleet
from router.boots import Boot, Boots
from router.catalogue import Catalogue, ModelSpec
from router.engine import EngineBroken
from router.lifecycle import Phase, State
from router.wishes import Wishes

NANO = ModelSpec(id="nano", source="embedded/nano", revision="1", max_model_len=2048, max_boots_per_hour=2)
APP = "model-nano"


class Controller:
    """What Serve's controller says."""

    def __init__(self) -> None:
        self.states: dict[str, int] = {}
        self.message = ""
        self.away = False

    def models(self) -> dict[str, Told]:
        if self.away:
            raise RuntimeError("no controller")
        return {APP: Told(self.states, self.message)}


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Controller:
    one = Controller()
    monkeypatch.setattr("deployments.controller.models", one.models)
    monkeypatch.setattr(module, "handle_of", lambda spec: None)
    monkeypatch.setattr(module, "STATUS_SECONDS", 0.02)
    monkeypatch.setattr(module, "MOVING_SECONDS", 0.02)
    monkeypatch.setattr(module, "SETTLED_SECONDS", 0.02)
    replica_sets._running.clear()
    return one


Gateway = Callable[[], ServeFleet]


@pytest.fixture
async def gateway(controller: Controller, redis: Redis, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A new gateway, as after a restart."""
    begun: list[ServeFleet] = []

    def begin() -> ServeFleet:
        begun.append(ServeFleet(None, redis, Channels(tmp_path)))  # type: ignore[arg-type]
        begun[-1].replace(Catalogue(models=(NANO,)))
        return begun[-1]

    yield begin
    for one in begun:
        one.close()
    await asyncio.sleep(0)


async def becomes(fleet: ServeFleet, check: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not check():
            await fleet.changed(NANO, 0.1)


def boot(replica: str = "r1", **fields: Any) -> Boot:
    now = time.time()
    return Boot("1", "nano", replica, "key-1", now, phases={Phase.ALLOCATING: now, Phase.LOADING: now}, **fields)


async def test_a_model_lives_from_its_wish_to_its_sleep(gateway: Gateway, controller: Controller, redis: Redis) -> None:
    fleet, boots = gateway(), Boots(redis)
    assert fleet.standing(NANO).state == State.COLD
    await fleet.wake(NANO, "key-1")
    assert (fleet.standing(NANO).state, fleet.standing(NANO).phase) == (State.STARTING, Phase.ALLOCATING)
    await boots.tell(boot(done=3, total=9))
    await becomes(fleet, lambda: fleet.standing(NANO).phase == Phase.LOADING)
    assert (fleet.standing(NANO).done, fleet.standing(NANO).total) == (3, 9)
    await boots.tell(boot(ready=time.time()))
    await Wishes(redis).end("nano")
    replica_sets.update(APP, {"r1"})
    await becomes(fleet, lambda: fleet.standing(NANO).state == State.READY)
    replica_sets.update(APP, ())
    controller.states = {"STOPPING": 1}
    await becomes(fleet, lambda: fleet.standing(NANO).state == State.DRAINING)
    controller.states = {}
    await becomes(fleet, lambda: fleet.standing(NANO).state == State.COLD)


async def test_a_wish_that_is_made_when_the_model_is_ready_is_ended(
    gateway: Gateway, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATE_SECONDS", 0.1)
    fleet = gateway()
    replica_sets.update(APP, {"r1"})
    await becomes(fleet, lambda: fleet.standing(NANO).state == State.READY)
    await Wishes(redis).add("nano", "key-of-one-that-heard-nothing", 60)
    async with asyncio.timeout(5):
        while await Wishes(redis).all():
            await asyncio.sleep(0.02)


async def test_a_gateway_that_begins_meanwhile_sees_the_same(gateway: Gateway, redis: Redis) -> None:
    first = gateway()
    await first.wake(NANO, "key-1")
    await Boots(redis).tell(boot())
    second = gateway()
    await becomes(second, lambda: second.standing(NANO).phase == Phase.LOADING)
    await second.wake(NANO, "key-2")
    assert (await Wishes(redis).all())["nano"].waker == "key-1"


async def test_the_end_of_a_boot_is_learned_from_earlier_ones(gateway: Gateway, redis: Redis) -> None:
    past = boot(ready=time.time() + 6)
    past.phases = {Phase.ALLOCATING: past.asked, Phase.LOADING: past.asked + 2, Phase.WARMING: past.asked + 5}
    await Boots(redis).keep(past)
    fleet = gateway()
    await fleet.wake(NANO, "key-1")
    await becomes(fleet, lambda: fleet.standing(NANO).eta_seconds is not None)
    assert fleet.standing(NANO).eta_seconds == pytest.approx(6, abs=0.5)


async def test_before_its_first_boot_those_of_another_model_are_a_guess(gateway: Gateway, redis: Redis) -> None:
    past = boot(ready=time.time() + 6)
    past.model, past.phases = "pico", {Phase.ALLOCATING: past.asked, Phase.LOADING: past.asked + 2, Phase.WARMING: past.asked + 5}
    await Boots(redis).keep(past)
    fleet = gateway()
    fleet.replace(Catalogue(models=(NANO, NANO.model_copy(update={"id": "pico"}))))
    await fleet.wake(NANO, "key-1")
    await becomes(fleet, lambda: fleet.standing(NANO).eta_seconds is not None)


async def test_a_model_that_was_woken_too_often_is_broken(gateway: Gateway, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WISH_SECONDS", 0.0)
    monkeypatch.setattr("router.wishes.LATE_SECONDS", 0.0)
    fleet = gateway()
    for _ in range(2):
        await fleet.wake(NANO, "key-1")
        await Wishes(redis).end("nano")
    with pytest.raises(EngineBroken):
        await fleet.wake(NANO, "key-1")


async def test_a_failed_boot_is_told_and_forgotten_when_one_succeeds(gateway: Gateway, redis: Redis) -> None:
    fleet, boots = gateway(), Boots(redis)
    await boots.tell(boot(failures=1, next_try=time.time() + 9, reason="no weights"))
    await becomes(fleet, lambda: fleet.standing(NANO).state == State.FAILED)
    assert fleet.standing(NANO).retry_after_seconds == pytest.approx(9, abs=1)
    replica_sets.update(APP, {"r1"})
    await boots.tell(boot(ready=time.time()))
    await becomes(fleet, lambda: fleet.standing(NANO).state == State.READY)


async def test_what_finds_no_place_is_explained_to_the_operator(
    gateway: Gateway, controller: Controller, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.standings.PLACING_SECONDS", -1.0)
    controller.message, controller.states = "no node has 8 GPUs", {"PENDING_ALLOCATION": 1}
    fleet = gateway()
    await fleet.wake(NANO, "key-1")
    async with asyncio.timeout(5):
        while await Boots(redis).reasons() != {"nano": "no node has taken it yet: no node has 8 GPUs"}:
            await asyncio.sleep(0.02)
    replica_sets.update(APP, {"r1"})
    async with asyncio.timeout(5):
        while await Boots(redis).reasons():
            await asyncio.sleep(0.02)


async def test_without_the_controller_models_stand_as_they_did(gateway: Gateway, controller: Controller) -> None:
    fleet = gateway()
    replica_sets.update(APP, {"r1"})
    await becomes(fleet, lambda: fleet.standing(NANO).state == State.READY)
    controller.away = True
    async with asyncio.timeout(5):
        while await fleet.problem() is None:
            await asyncio.sleep(0.02)
    assert fleet.standing(NANO).state == State.READY
