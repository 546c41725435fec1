"""Accounting over Sentinels and over a Cluster, which are real ones."""

from __future__ import annotations

from pathlib import Path

from redis.asyncio import Redis

from budgets import redis_keys
from budgets.connections import servers
from budgets.requests import Charge
from budgets.store import connect
from tests.budgets.nodes import Node, running
from tests.budgets.servers import sentinel, slots_served, tcp_server

JOURNAL = ("--appendonly", "yes")


async def accounts_for_a_request(redis: Redis, folder: Path) -> None:
    """And rewrites the journal first."""
    node = await Node(redis, folder / "accounting").begin()
    async with node.gateway() as accounting:
        assert accounting.closed is None
        await (await running(accounting, made=3)).settle(Charge(2, 3))
    assert await node.balance() == (5, 0)
    assert await node.audit() == []
    run_id = (await redis.info("server", **(await servers(redis))[0]))["run_id"]
    assert await redis.get(redis_keys.journal(run_id)) == "done"
    await redis.aclose()


async def test_the_master_that_a_sentinel_names_accounts(tmp_path: Path) -> None:
    with tcp_server(tmp_path, *JOURNAL) as master, sentinel(tmp_path, master) as port:
        await accounts_for_a_request(connect(f"redis+sentinel://127.0.0.1:{port}/ledger"), tmp_path)


async def test_a_cluster_accounts(tmp_path: Path) -> None:
    with tcp_server(tmp_path, *JOURNAL, "--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1") as port:
        slots_served(port)
        await accounts_for_a_request(connect(f"redis+cluster://127.0.0.1:{port}"), tmp_path)
