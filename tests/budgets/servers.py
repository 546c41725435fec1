"""Redis servers with settings of their own, for as long as a block runs."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.retry import Retry

from tests.conftest import redis_server

CHECKOUT = Path(__file__).parent.parent.parent
USERS = CHECKOUT / "deploy" / "redis" / "users.acl"
PASSWORD = "a password of this test"
SLOTS = 16_384


@contextmanager
def server(folder: Path, *options: str) -> Iterator[str]:
    """Its URL, on a socket in the folder. A configuration file, if any, is the first of the options."""
    path = folder / "redis.sock"
    with running(folder, f"unix://{path}", *options, "--port", "0", "--unixsocket", str(path)):
        yield f"unix://{path}"


@contextmanager
def tcp_server(folder: Path, *options: str) -> Iterator[int]:
    """Its port on the loopback."""
    port = free_port()
    with running(folder, f"redis://127.0.0.1:{port}", *options, "--port", str(port), "--bind", "127.0.0.1"):
        yield port


@contextmanager
def sentinel(folder: Path, master: int) -> Iterator[int]:
    """Of a master that it calls `ledger`; its port on the loopback."""
    port, conf = free_port(), folder / "sentinel.conf"
    conf.write_text(f"port {port}\nbind 127.0.0.1\nsentinel monitor ledger 127.0.0.1 {master} 1\n")
    with running(folder, f"redis://127.0.0.1:{port}", str(conf), "--sentinel"):
        yield port


@contextmanager
def running(folder: Path, url: str, *options: str) -> Iterator[None]:
    process = subprocess.Popen([str(redis_server()), *options], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: process.poll() is not None or answers(url))
        if process.poll() is not None:
            raise DidNotStart
        yield
    finally:
        process.kill()
        process.wait()


class DidNotStart(Exception):
    """The server ended at once: its settings are wrong."""


def answers(url: str) -> bool:
    """Also a refusal is an answer: whoever asks may lack the right."""
    try:
        with Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as redis:
            return bool(redis.ping())
    except AuthenticationError:
        return True
    except RedisError:
        return False


def eventually(check: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def slots_served(port: int) -> None:
    """Makes the one node of a Cluster serve all of it."""
    with Redis(port=port, decode_responses=True) as node:
        node.execute_command("CLUSTER ADDSLOTS", *range(SLOTS))
        eventually(lambda: node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")


def free_port() -> int:
    """Also 10,000 above it, where a Cluster's nodes talk to each other, is a port."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 50_000:
            return port


def users(folder: Path) -> Path:
    """The ACL file of deploy/, with the hash of PASSWORD where it asks for one."""
    filled = folder / "users.acl"
    filled.write_text(USERS.read_text().replace("SHA256-OF-THE-PASSWORD", hashlib.sha256(PASSWORD.encode()).hexdigest()))
    return filled
