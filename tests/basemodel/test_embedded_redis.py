"""The embedded Redis: private, durable, and gone when it is stopped."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from redis import Redis

from basemodel.cluster import embedded_redis
from basemodel.cluster.processes import MARK, marked, title, wait_gone
from basemodel.cluster.sockets import listeners
from basemodel.cluster.stop import down
from basemodel.failure import Failure
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


def torn(home: Path) -> Path:
    """The journal of a server that was killed after two writes."""
    pid = start(home)
    with Redis.from_url(embedded_redis_url(home)) as redis:
        redis.set("first", "1")
        redis.set("second", "2")
    while not (journals := [path for path in (home / "redis").rglob("*.aof") if b"second" in path.read_bytes()]):
        time.sleep(0.05)  # while the disk is busy, Redis writes up to two seconds later
    os.kill(pid, signal.SIGKILL)
    assert wait_gone(marked(home), 5) == []
    return journals[0]


def test_the_torn_end_of_its_journal_is_cut_off_by_itself(home: Path) -> None:
    journal = torn(home)
    os.truncate(journal, journal.stat().st_size - 3)
    start(home)
    with Redis.from_url(embedded_redis_url(home), decode_responses=True) as redis:
        assert (redis.get("first"), redis.get("second")) == ("1", None)


def test_a_journal_torn_in_the_middle_is_refused_at_once_and_left_as_it_is(home: Path) -> None:
    journal = torn(home)
    spoilt = journal.read_bytes().replace(b"first", b"fir")
    journal.write_bytes(spoilt)
    begun = time.monotonic()
    with pytest.raises(Failure, match=r"redis\.log says why"):
        start(home)
    assert time.monotonic() - begun < embedded_redis.READY_SECONDS / 2
    assert journal.read_bytes() == spoilt


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
