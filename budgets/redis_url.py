"""Where Redis is: one server, the master that Sentinels name, or a Cluster.

    redis://[USER:PASSWORD@]HOST:PORT[/DB]      rediss:// with TLS      unix://PATH
    redis+sentinel://[USER:PASSWORD@]HOST:PORT,HOST:PORT/SERVICE[/DB]   rediss+sentinel:// with TLS
    redis+cluster://[USER:PASSWORD@]HOST:PORT,HOST:PORT                 rediss+cluster:// with TLS

User and password are those of Redis itself; Sentinels are asked without.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool

from budgets.patient_connection import patient

SCHEMES = ("redis://", "rediss://", "unix://", "redis+sentinel://", "rediss+sentinel://", "redis+cluster://", "rediss+cluster://")


class SentinelMaster(Redis):
    """redis-py leaves the connections to the Sentinels open."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        for sentinel in cast("SentinelConnectionPool", self.connection_pool).sentinel_manager.sentinels:
            await sentinel.aclose()


def client(url: str, **options: Any) -> Redis:
    """Opens nothing yet. A Cluster's client is given out as a `Redis`: what this package calls, both have.

    Raises ValueError for a URL that is none of these.
    """
    scheme, _, rest = url.partition("://")
    secure = {"ssl": True} if scheme.startswith("rediss") else {}
    match scheme.partition("+")[2]:
        case "sentinel":
            return _master(rest, options, secure)
        case "cluster":
            return _cluster(rest, options, secure)
        case _:
            return _one(url, options)


def _one(url: str, options: dict[str, Any]) -> Redis:
    """Who finds all connections in use waits for one, as long as for an answer: redis-py's other pool raises at once."""
    return patient(Redis.from_pool(BlockingConnectionPool.from_url(url, timeout=options.get("socket_timeout", 1.0), **options)))


def _master(rest: str, options: dict[str, Any], secure: dict[str, Any]) -> Redis:
    account, hosts, (service, *db) = _parts(rest)
    if not service or len(db) > 1:
        raise ValueError("A URL of Sentinels ends in the name of their service, as in redis+sentinel://a:26379,b:26379/basemodel.")
    bounds = {name: options[name] for name in ("socket_timeout", "socket_connect_timeout", "retry") if name in options}
    addresses = [_address(host, 26379) for host in hosts]
    sentinels = Sentinel(addresses, sentinel_kwargs={**bounds, "decode_responses": True})  # type: ignore[no-untyped-call]
    number = int(db[0] if db else 0)
    return patient(cast("Redis", sentinels.master_for(service, SentinelMaster, db=number, **options, **account, **secure)))


def _cluster(rest: str, options: dict[str, Any], secure: dict[str, Any]) -> Redis:
    account, hosts, path = _parts(rest)
    if any(path):
        raise ValueError("A Redis Cluster has one database and no names: redis+cluster://a:6379,b:6379.")
    nodes = [ClusterNode(*_address(host, 6379)) for host in hosts]
    return cast("Redis", RedisCluster(startup_nodes=nodes, **options, **account, **secure))


def _parts(rest: str) -> tuple[dict[str, Any], list[str], list[str]]:
    """User and password, the hosts, and what follows them."""
    authority, _, path = rest.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    given = {"username": unquote(user), "password": unquote(password)}
    return {name: text for name, text in given.items() if text}, hosts.split(","), path.split("/")


def _address(host: str, default_port: int) -> tuple[str, int]:
    """HOST, HOST:PORT or [IPv6]:PORT."""
    name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", str(default_port))
    if not name or not port.isascii() or not port.isdigit():
        raise ValueError(f"{host!r} is no HOST:PORT.")
    return name.strip("[]"), int(port)
