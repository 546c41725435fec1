"""The embedded Redis: private, durable, and gone when it is stopped."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from redis import Redis

from basemodel.cluster import embedded_redis
from basemodel.cluster.processes import MARK, marked, title, wait_gone
from basemodel.cluster.sockets import listeners
from basemodel.cluster.stop import down
from budgets.redis_checks import refuse_unsafe
from budgets.store import connect
from router.settings import embedded_redis_url


@pytest.fixture
def home(tmp_path: Path):  # type: ignore[no-untyped-def]
    (tmp_path / "logs").mkdir()
    yield tmp_path
    down(tmp_path)
    assert marked(tmp_path) == []


def start(home: Path) -> int:
    return embedded_redis.start(home, os.environ | {MARK: str(home)}).pid


def test_it_is_reached_by_its_owner_only_and_found_by_its_mark(home: Path) -> None:
    pid = start(home)
    assert (home / "redis").stat().st_mode & 0o777 == 0o700
    assert (home / "redis" / "redis.sock").stat().st_mode & 0o777 == 0o600
    assert [(process.pid, title(process)) for process in marked(home)] == [(pid, "redis-server")]
    assert listeners(marked(home)) == []


def test_it_never_drops_a_key_and_keeps_every_second(home: Path) -> None:
    start(home)
    with Redis.from_url(embedded_redis_url(home), decode_responses=True) as redis:
        settings = redis.config_get("*")
    assert (settings["maxmemory-policy"], settings["appendonly"], settings["appendfsync"]) == ("noeviction", "yes", "everysec")


async def test_it_may_hold_accounts(home: Path) -> None:
    start(home)
    redis = connect(embedded_redis_url(home))
    await refuse_unsafe(redis, {})
    await redis.aclose()


@pytest.mark.parametrize("stop", ["down", "SIGKILL"])
def test_what_was_stored_is_there_after_a_restart(home: Path, stop: str) -> None:
    pid = start(home)
    with Redis.from_url(embedded_redis_url(home), decode_responses=True) as redis:
        redis.set("a", "b")
    if stop == "SIGKILL":
        os.kill(pid, signal.SIGKILL)
        assert wait_gone(marked(home), 5) == []
    else:
        assert down(home) == ["redis-server"]
    start(home)
    with Redis.from_url(embedded_redis_url(home), decode_responses=True) as redis:
        assert redis.get("a") == "b"
