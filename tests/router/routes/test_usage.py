from __future__ import annotations

import asyncio

import httpx
import pytest
from redis.asyncio import Redis

from tests.router.errors import assert_error

BODY = {"model": "pico", "prompt": "hi", "max_tokens": 5, "ignore_eos": True}


async def test_usage_is_the_sum_of_what_was_handed_out(client: httpx.AsyncClient) -> None:
    answers = [(await client.post("/v1/completions", json=BODY | {"n": n})).json()["usage"] for n in (1, 2, 3)]
    await client.post("/v1/completions", json=BODY | {"model": "other"})
    report = (await client.get("/v1/usage")).json()
    assert [row["model"] for row in report["by_model"]] == ["other", "pico"]
    row = report["by_model"][1]
    assert row["completion_tokens"] == sum(one["completion_tokens"] for one in answers) == 30
    assert row["prompt_tokens"] == sum(one["prompt_tokens"] for one in answers)
    assert (row["requests"], row["errors"]) == (3, 0)
    assert [row | {"day": None} for row in report["by_day"]] == [row | {"day": None} for row in report["by_model"]]
    assert report["key"] == {"name": "first", "cap": None, "used": report["account"]["used"], "held": 0, "remaining": None}
    assert report["account"]["used"] == sum(one["total_tokens"] for one in answers) + 8
    assert report["account"]["remaining"] == report["account"]["cap"] - report["account"]["used"]
    assert report["resets_at"].startswith(report["month"][:3])


async def test_another_month_has_its_own_sums(client: httpx.AsyncClient) -> None:
    await client.post("/v1/completions", json=BODY)
    report = (await client.get("/v1/usage", params={"month": "2025-12"})).json()
    assert (report["month"], report["resets_at"], report["by_model"]) == ("2025-12", "2026-01-01T00:00:00Z", [])
    assert report["account"]["used"] == 0


@pytest.mark.parametrize("query", ["month=2025-13", "month=0000-01", "month=now", "month=2025-01&month=2025-02", "month="])
async def test_a_month_is_a_month(client: httpx.AsyncClient, query: str) -> None:
    assert_error(await client.get(f"/v1/usage?{query}"), 400, "invalid_value", "month", says="YYYY-MM")


async def test_nothing_else_may_be_asked(client: httpx.AsyncClient) -> None:
    assert_error(await client.get("/v1/usage?moth=2025-12"), 400, "unknown_parameter", "moth", says="'month'")


async def test_usage_needs_a_key(stranger: httpx.AsyncClient) -> None:
    assert_error(await stranger.get("/v1/usage"), 401, "invalid_api_key")


async def test_usage_needs_redis(client: httpx.AsyncClient, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    await client.get("/v1/usage")

    async def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(redis, "execute_command", refuse)
    assert_error(await client.get("/v1/usage"), 503, "accounting_unavailable")


async def test_many_who_ask_at_once_wait_for_a_connection(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get("/v1/usage") for _ in range(300)))
    assert {answer.status_code for answer in answers} == {200}
