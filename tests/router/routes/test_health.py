from __future__ import annotations

import httpx
import pytest
from redis.asyncio import Redis

from router.scripted_engine import ScriptedFleet
from tests.router.errors import assert_error


async def test_a_process_that_serves_is_healthy_without_redis(
    stranger: httpx.AsyncClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    _break(redis, monkeypatch)
    assert (await stranger.get("/health")).json() == {"status": "ok"}


async def test_a_probe_may_ask_for_the_head_only(stranger: httpx.AsyncClient) -> None:
    assert [(await stranger.head(path)).status_code for path in ("/health", "/ready")] == [200, 200]


async def test_ready_means_redis_and_control_plane_answer(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/ready")).json() == {"status": "ready"}


async def test_without_redis_it_is_not_ready(stranger: httpx.AsyncClient, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    _break(redis, monkeypatch)
    response = await stranger.get("/ready")
    error = assert_error(response, 503, "not_ready", says="Redis does not answer")
    assert error["details"] == {"reason": "Redis does not answer"}
    assert "secret" not in response.text


async def test_without_the_control_plane_it_is_not_ready(stranger: httpx.AsyncClient, fleet: ScriptedFleet) -> None:
    fleet.reason = "the cluster's controller does not answer"
    assert_error(await stranger.get("/ready"), 503, "not_ready", says=fleet.reason)


async def test_the_version_names_the_engine(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/version")).json()["engine"] == "scripted"


def _break(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise ConnectionError("a secret reason")

    monkeypatch.setattr(redis, "ping", refuse)
