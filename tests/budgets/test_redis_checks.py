from __future__ import annotations

from collections.abc import Awaitable
from pathlib import Path

import pytest

from budgets.errors import StoreUnavailable, UnsafeRedis
from budgets.redis_checks import ALLOW_UNSAFE, Durability, faults, refuse_unsafe
from budgets.store import connect
from tests.budgets.servers import server

SAFE = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "always"}


async def check(url: str, **environment: str) -> None:
    redis = connect(url)
    try:
        await refuse_unsafe(redis, environment)
    finally:
        await redis.aclose()


def options(**changed: str) -> list[str]:
    settings = SAFE | {name.replace("_", "-"): value for name, value in changed.items()}
    return [word for name, value in settings.items() for word in (f"--{name}", value)]


@pytest.mark.parametrize("appendfsync", ["always", "everysec"])
async def test_a_redis_that_keeps_everything_is_accepted(tmp_path: Path, appendfsync: str) -> None:
    with server(tmp_path, *options(appendfsync=appendfsync)) as url:
        await check(url)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("maxmemory_policy", "allkeys-lru"), ("maxmemory_policy", "volatile-ttl"), ("appendonly", "no"), ("appendfsync", "no")],
)
async def test_a_redis_that_drops_or_forgets_is_refused_with_the_setting_that_mends_it(tmp_path: Path, setting: str, value: str) -> None:
    with server(tmp_path, *options(**{setting: value})) as url:
        with pytest.raises(UnsafeRedis, match=f"{setting.replace('_', '-')} must be") as refused:
            await check(url)
        assert f"{ALLOW_UNSAFE}=1" in str(refused.value)
        await check(url, BASEMODEL_REDIS_UNSAFE="1")


@pytest.mark.parametrize("value", ["", "0", "yes", "true"])
async def test_only_1_allows_it(tmp_path: Path, value: str) -> None:
    with server(tmp_path, *options(appendonly="no")) as url, pytest.raises(UnsafeRedis):
        await check(url, BASEMODEL_REDIS_UNSAFE=value)


@pytest.mark.parametrize("forbidden", [["CONFIG"], ["CONFIG", "INFO"]])
async def test_where_config_is_forbidden_info_is_read(tmp_path: Path, forbidden: list[str], caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "redis.conf").write_text("".join(f'rename-command {name} ""\n' for name in forbidden))
    said = "maxmemory-policy" if len(forbidden) == 1 else "cannot be checked"
    with server(tmp_path, "redis.conf", *options(maxmemory_policy="allkeys-lru")) as url, pytest.raises(UnsafeRedis, match=said):
        await check(url)
    assert "appendfsync) was not checked" in caplog.text


async def test_a_redis_that_is_away_is_not_judged(tmp_path: Path) -> None:
    refusal: Awaitable[None] = check(f"unix://{tmp_path}/none")
    with pytest.raises(StoreUnavailable):
        await refusal


def test_every_fault_is_named() -> None:
    assert len(faults(Durability("allkeys-lru", False, "no"))) == 2
    assert faults(Durability("noeviction", True, None)) == []
