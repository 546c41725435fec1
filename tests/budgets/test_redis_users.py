"""The user of deploy/redis/users.acl can do all that we do, and nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError

from budgets.errors import StoreUnavailable
from budgets.redis_checks import durability, refuse_unsafe
from budgets.scripts import COMMON, Scripts
from budgets.store import connect
from tests.budgets import every_operation
from tests.budgets.servers import CHECKOUT, PASSWORD, USERS, DidNotStart, server, users

#: What only a look at the server itself needs.
ADMINISTRATOR = "user administrator on nopass ~* &* +@all\n"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    users(tmp_path).write_text(users(tmp_path).read_text() + ADMINISTRATOR)
    conf = CHECKOUT / "deploy" / "redis" / "redis.conf"
    options = [str(conf), "--aclfile", str(tmp_path / "users.acl"), "--dir", str(tmp_path), "--unixsocketperm", "700"]
    with server(tmp_path, *options) as url:
        yield url


@pytest.fixture
async def client(address: str) -> AsyncIterator[Redis]:
    client = connect(address.replace("unix://", f"unix://basemodel:{quote(PASSWORD)}@"))
    yield client
    await client.aclose()


async def test_it_can_do_all_that_we_do_and_has_no_command_that_we_never_use(client: Redis, address: str) -> None:
    await refuse_unsafe(client, {})
    await every_operation.run(client)
    await client.ping()
    await client.bgrewriteaof()  # the journal is written anew after a restart of Redis
    async with Redis.from_url(address, username="administrator", password="any", decode_responses=True) as administrator:
        stats = await administrator.info("commandstats")
    used = {name.removeprefix("cmdstat_").partition("|")[0] for name in stats} - {"auth", "hello", "client", "config", "select"}
    allowed = set(re.findall(r"\+([a-z]+)", USERS.read_text()))
    assert used == allowed


@pytest.mark.parametrize(
    "command",
    [
        *("FLUSHALL", "CONFIG GET requirepass", "KEYS *", "EVAL return(1) 0", "SHUTDOWN", "ACL LIST", "MONITOR", "DEBUG SLEEP 0"),
        *("SCRIPT FLUSH", "SET other 1", "GET other", "SUBSCRIBE x", "PUBLISH x y", "MULTI", "SCAN 0", "CLIENT LIST", "DBSIZE"),
    ],
)
async def test_another_command_or_another_key_is_refused(client: Redis, command: str) -> None:
    with pytest.raises(NoPermissionError):
        await client.execute_command(*command.split(" "))  # type: ignore[no-untyped-call]


async def test_a_script_can_do_no_more_than_its_user(client: Redis) -> None:
    for body in ("return redis.call('GET', 'other')", "return redis.call('FLUSHALL')"):
        script = client.register_script(COMMON + body)
        with pytest.raises(Exception, match=r"NOPERM|permission|can't"):
            await script()


async def test_nobody_enters_without_the_password(address: str) -> None:
    async with Redis.from_url(address) as stranger:
        with pytest.raises(RedisError, match="authenticat"):
            await stranger.ping()
    client = connect(address)
    with pytest.raises(StoreUnavailable):
        await Scripts(client).run("overdue", ["bm:x"], [1])
    await client.aclose()


async def test_its_durability_is_read_without_config(client: Redis) -> None:
    found = await durability(client)
    assert (found.maxmemory_policy, found.appendonly, found.appendfsync) == ("noeviction", True, None)


def test_a_file_without_a_password_is_refused_by_redis_itself(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart), server(tmp_path, "--aclfile", str(USERS)):
        pass
