from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from router.boots import Boot, Boots
from router.catalogue import Catalogue
from router.lifecycle import Phase, Standing, State
from router.scripted_engine import ScriptedFleet
from router.warm_windows import WarmWindow
from router.wishes import OPERATOR, Wishes
from tests.conftest import OTHER, PICO
from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.routes.admin.conftest import Told

#: What is tried here is above the database: one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ROUTE = "/site/admin/models"


async def test_models_tell_more_than_to_others(grace: Browser, fleet: ScriptedFleet, redis: Redis) -> None:
    window = WarmWindow(opens="08:00", closes="18:00", time_zone="Europe/Prague")
    scheduled = OTHER.model_copy(update={"warm_windows": (window,)})
    fleet.catalogue = Catalogue(models=(PICO, scheduled))
    await Boots(redis).explain("other", "no node has 2 GPUs free")
    pico, other = (await grace.get(ROUTE)).json()["models"]
    assert (pico["id"], pico["reason"], pico["warm_policy"]) == ("pico", None, "always")
    assert (other["reason"], other["warm_policy"]) == ("no node has 2 GPUs free", "window")
    assert other["warm_windows"] == [window.model_dump(mode="json")]
    assert "reason" not in (await grace.get("/site/v1/models/other")).json()


async def test_a_try_that_failed_says_why(grace: Browser, redis: Redis) -> None:
    await Boots(redis).tell(Boot("1", "other", "r", "key", time.time(), failures=2, reason="out of memory"))
    assert (await grace.get(ROUTE)).json()["models"][1]["reason"] == "out of memory"


async def test_a_cold_model_is_started_and_one_that_is_ready_is_left(grace: Browser, fleet: ScriptedFleet, told: Told) -> None:
    fleet.stand("other", Standing(State.COLD, time.time()))
    await told()
    for model in ("other", "pico"):
        assert (await grace.post(f"{ROUTE}/{model}/warm")).status_code == 202
    assert fleet.wakes == [("other", OPERATOR)]
    assert await told() == [("grace", "model.warmed", "other", None, None)]


async def test_a_model_is_stopped_and_one_that_the_file_keeps_warm_is_not(grace: Browser, redis: Redis, told: Told) -> None:
    await told()
    assert (await grace.post(f"{ROUTE}/other/stop")).status_code == 202
    assert_error(await grace.post(f"{ROUTE}/pico/stop"), 409, "conflict", says="serve_config.yaml")
    assert await Wishes(redis).stopped() == {"other"}
    assert await told() == [("grace", "model.stopped", "other", None, None)]


async def test_boots_are_told_the_latest_first(grace: Browser, redis: Redis) -> None:
    boots = Boots(redis)
    await boots.keep(Boot("1", "pico", "r", "key-1", 100.0, "spawned", reason="died", ended=130.0))
    await boots.keep(Boot("2", "pico", "r", OPERATOR, 200.0, "forked", {Phase.LOADING: 201.0}, ready=205.0, idle=30.0))
    latest, first = (await grace.get(f"{ROUTE}/pico/boots")).json()["boots"]
    assert latest == {
        "id": "2",
        "waker": "operator",
        "asked": 200.0,
        "how": "forked",
        "phases": {"loading": 201.0},
        "ready": 205.0,
        "ended": None,
        "reason": "",
        "idle": 30.0,
    }
    assert (first["id"], first["ready"], first["ended"], first["reason"]) == ("1", None, 130.0, "died")


async def test_models_that_are_not_there_are_not_found(grace: Browser) -> None:
    for verb in ("warm", "stop"):
        assert_error(await grace.post(f"{ROUTE}/none/{verb}"), 404, "model_not_found", "model")
    assert_error(await grace.get(f"{ROUTE}/none/boots"), 404, "model_not_found", "model")
