"""One server, Sentinels, a Cluster: real ones, where all that we do is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio import Redis

from budgets.errors import StoreUnavailable, UnsafeRedis
from budgets.keys import Keys, new_key
from budgets.redis_checks import refuse_unsafe
from budgets.redis_url import _address, _parts
from budgets.store import connect
from tests.budgets import every_operation
from tests.budgets.ledgers import SECRET
from tests.budgets.servers import sentinel, slots_served, tcp_server


async def everything(redis: Redis) -> None:
    try:
        await every_operation.run(redis)
    finally:
        await redis.aclose()


async def test_a_cluster_does_all_that_one_server_does(tmp_path: Path) -> None:
    with tcp_server(tmp_path, "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1") as port:
        slots_served(port)
        redis = connect(f"redis+cluster://127.0.0.1:{port}")
        with pytest.raises(UnsafeRedis, match="appendonly"):
            await refuse_unsafe(redis, {})
        await everything(redis)


async def test_the_master_that_a_sentinel_names_is_used(tmp_path: Path) -> None:
    with tcp_server(tmp_path) as master, sentinel(tmp_path, master) as port:
        await everything(connect(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{port}/ledger"))


@pytest.mark.parametrize("url", ["redis+cluster://127.0.0.1:1,127.0.0.1:2", "redis+sentinel://127.0.0.1:1/ledger", "redis://127.0.0.1:1"])
async def test_what_is_away_is_away_whatever_it_is(url: str) -> None:
    redis = connect(url)
    with pytest.raises(StoreUnavailable):
        await Keys(redis, SECRET).find(new_key())
    await redis.aclose()


@pytest.mark.parametrize("url", ["redis+sentinel://a:1", "redis+sentinel://a:1/", "redis+sentinel://a:1/s/0/1", "redis+cluster://a:1/0"])
def test_a_url_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="redis\\+"):
        connect(url)


@pytest.mark.parametrize("host", ["", ":1", "a:", "a:x", "a:²"])
def test_an_address_is_a_host_and_a_port(host: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        _address(host, 1)


def test_the_parts_of_a_url() -> None:
    given = {"username": "basemodel", "password": "p@ss:word"}
    assert _parts("basemodel:p%40ss%3Aword@a:1,[::1]:2/s/3") == (given, ["a:1", "[::1]:2"], ["s", "3"])
    assert _parts(":secret@a") == ({"password": "secret"}, ["a"], [""])
    assert [_address(host, 9) for host in ("a", "a:1", "[::1]:2", "[::1]")] == [("a", 9), ("a", 1), ("::1", 2), ("::1", 9)]
