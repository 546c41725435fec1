"""`basemodel models` where no service runs: what Redis remembers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis import Redis

from budgets.store import connect
from router.boots import Boot, Boots
from router.lifecycle import Phase
from tests.basemodel.command_line import fail, run, succeed

ASKED = 1_795_000_000.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    monkeypatch.setenv("BASEMODEL_REDIS_URL", redis_url)
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    asyncio.run(remember(redis_url))


async def remember(redis_url: str) -> None:
    begun = {Phase.ALLOCATING: ASKED, Phase.LOADING: ASKED + 1.5, Phase.WARMING: ASKED + 4.0}
    whole = Boot("2", "nano", "r2", "key-1", ASKED, "forked", begun, ready=ASKED + 4.5, ended=ASKED + 90, idle=60.0)
    failed = Boot("1", "nano", "r1", "warm window", ASKED, "spawned", {Phase.ALLOCATING: ASKED}, ended=ASKED + 2, reason="no weights")
    redis = connect(redis_url)
    for boot in (whole, failed):
        await Boots(redis).keep(boot)
    await redis.aclose()


def test_the_history_says_who_woke_a_model_how_long_it_took_and_how_long_it_stood_idle() -> None:
    latest, first = succeed("models", "history", "nano")
    assert (latest["waker"], latest["how"], latest["boot_seconds"], latest["idle_seconds"]) == ("key-1", "forked", 4.5, 60.0)
    assert (first["ready"], first["boot_seconds"], first["reason"]) == (None, None, "no weights")


def test_it_is_a_table_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = run("models", "history", "nano")
    assert code == 0
    for text in ("key-1", "1.5 s", "2.5 s", "0.5 s", "4.5 s", "60 s", "warm window", "no weights"):
        assert text in out


def test_a_model_that_never_booted_has_no_history() -> None:
    assert succeed("models", "history", "micro") == []


def test_a_model_that_there_is_not_has_none_either_and_that_is_said() -> None:
    assert "There is no model NOPE" in fail("models", "history", "NOPE")


def test_a_model_that_was_taken_out_keeps_its_history(tmp_path: Path) -> None:
    (tmp_path / "serve_config.yaml").write_text("applications: []\n")
    assert len(succeed("models", "history", "nano")) == 2
    assert "There is no model micro" in fail("models", "history", "micro")
