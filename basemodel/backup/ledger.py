"""The embedded Redis into a file and back: accounts, keys, and every hold and charge of one instant.

The copy is Redis's own snapshot. A Redis that keeps a journal does not read a snapshot when it starts, so for a restore one
is started without a journal, asked to begin one, and ended.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from basemodel.cluster.embedded_redis import server_binary
from basemodel.failure import Failure
from budgets.accounts import Accounts
from budgets.audit import Auditor
from budgets.store import connect
from router.settings import embedded_redis_url

SNAPSHOT = "ledger.rdb"
#: Redis's own name for it.
DUMP = "dump.rdb"
SECONDS = 600.0


def copy(home: Path, folder: Path) -> None:
    """While the service runs; what was charged before this began is in it. Raises Failure."""
    with _asking(embedded_redis_url(home)) as redis:
        before, began = redis.info("persistence").get("rdb_saves"), int(redis.time()[0])
        redis.bgsave(schedule=True)
        _wait(redis, lambda found: _saved(found, before, began))
    shutil.copy2(home / "redis" / DUMP, folder / SNAPSHOT)
    (home / "redis" / DUMP).unlink()


def restore(snapshot: Path, target: Path, log: Path) -> dict[str, list[str]]:
    """Makes `target`, the folder of the embedded Redis, from a snapshot; what the audit of each account found. Raises Failure."""
    target.mkdir(mode=0o700)
    shutil.copy2(snapshot, target / DUMP)
    socket = target / "redis.sock"
    settings = {"port": "0", "unixsocket": str(socket), "unixsocketperm": "600", "dir": str(target), "appendonly": "no", "save": ""}
    command = [server_binary(), *(word for name, value in settings.items() for word in (f"--{name}", value))]
    with log.open("ab") as words, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words) as server:
        try:
            _await(socket, server, log)
            found = _begin_journal(f"unix://{socket}")
        finally:
            server.terminate()
            server.wait(SECONDS)
    (target / DUMP).unlink()
    return found


def _begin_journal(url: str) -> dict[str, list[str]]:
    with _asking(url) as redis:
        found = asyncio.run(_audits(url))
        redis.config_set("appendonly", "yes")
        _wait(redis, lambda told: told["aof_enabled"] == 1 and not told["aof_rewrite_in_progress"] and not told["aof_rewrite_scheduled"])
        if redis.info("persistence")["aof_last_bgrewrite_status"] != "ok":
            raise Failure("Redis could not write its journal; see whether the disk is full.")
    return found


async def _audits(url: str) -> dict[str, list[str]]:
    redis = connect(url)
    try:
        return {one.name: await Auditor(redis).audit(one.id) for one in await Accounts(redis).list()}
    finally:
        await redis.aclose()


@contextmanager
def _asking(url: str) -> Iterator[Redis]:
    """Raises Failure."""
    try:
        with Redis.from_url(url, decode_responses=True, socket_timeout=10.0, socket_connect_timeout=2.0) as redis:
            yield redis
    except (RedisError, OSError) as error:
        raise Failure(f"Redis could not be asked ({error}); is the service up?") from error


def _saved(found: dict[str, Any], before: int | None, began: int) -> bool:
    """A snapshot that began after we asked. Redis 6.2 counts no snapshots; its clock has seconds."""
    if found["rdb_bgsave_in_progress"]:
        return False
    if found["rdb_last_bgsave_status"] != "ok":
        raise Failure("Redis could not write a snapshot; see whether the disk is full.")
    return bool(found["rdb_saves"] > before if before is not None else found["rdb_last_save_time"] >= began)


def _wait(redis: Redis, done: Any) -> None:
    """Raises Failure."""
    deadline = time.monotonic() + SECONDS
    while not done(redis.info("persistence")):
        if time.monotonic() > deadline:
            raise Failure(f"Redis did not finish within {SECONDS:.0f} s.")
        time.sleep(0.05)


def _await(socket: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when it has read the snapshot. Raises Failure."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Failure(f"This Redis cannot read the snapshot, which a newer one may have made; {log} says why.")
        try:
            with Redis.from_url(f"unix://{socket}", socket_timeout=2.0) as redis:
                if redis.ping():
                    return
        except (RedisError, OSError):
            time.sleep(0.05)
    raise Failure(f"Redis did not read the snapshot within {SECONDS:.0f} s.")
