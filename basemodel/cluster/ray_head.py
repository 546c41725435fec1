"""The Ray head of one machine: on loopback only, with a token, in a folder of its own."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from basemodel.cluster.processes import MARK
from basemodel.failure import Failure

#: `session_<date>_<time>_<micros>_<pid>/sockets/plasma_store` must fit behind it into 107 bytes.
LONGEST_FOLDER = 42
OBJECT_STORE_BYTES = 200_000_000
START_SECONDS = 120.0
#: Imported by each worker before it has work, so that a spare one (`deployments/spare.py`) has it done. None of ours: a spare may be
#: older than the code that it is to run.
PRELOADED = ("ray.serve._private.replica", "redis.asyncio", "zmq.asyncio", "psutil")
TOKEN_FILE = "ray-token"


def environment(home: Path, config_folder: Path) -> dict[str, str]:
    """What Ray, Serve, the replicas and their model hosts find in their environment.

    `RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0` is Ray's switch for "one machine only": without it Ray replaces
    127.0.0.1 by the machine's own address on Linux. With it every server of Ray binds to loopback.
    A proxy that died is replaced after three health checks.
    Serve tries for ever to start a replica, where it would give up after three times. `SPT_NOENV` keeps setproctitle from
    writing titles over the environment, which holds our mark.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    return inherited | {
        MARK: str(home),
        "BASEMODEL_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(config_folder), os.environ.get("PYTHONPATH")])),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_START_HOOK": "basemodel.cluster.ray_head.leave_out",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(home / TOKEN_FILE),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": "deployments.proxy.middlewares",
        "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",
        "DASHBOARD_METRIC_PORT": "0",
        "RAY_SERVE_MAX_PER_REPLICA_RETRY_COUNT": "1000000",
        "RAY_preload_python_modules": ",".join(PRELOADED),
        "SPT_NOENV": "1",
    }


def leave_out(ray_parameters: Any, head: bool) -> None:
    """Ray's own start hook: no client server (it runs what it is sent), no autoscaler, no log copier."""
    ray_parameters.ray_client_server_port = None
    ray_parameters.no_monitor = True
    ray_parameters.include_log_monitor = False


def command(folder: Path, metrics_port: int = 0) -> list[str]:
    options = {
        "node-ip-address": "127.0.0.1",
        "port": "0",
        "min-worker-port": "0",
        "max-worker-port": "0",
        "dashboard-agent-listen-port": "0",
        "metrics-export-port": str(metrics_port),
        "temp-dir": str(folder),
        "object-store-memory": str(OBJECT_STORE_BYTES),
        "include-dashboard": "false",
        "log-color": "false",
    }
    return [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", *(f"--{name}={value}" for name, value in options.items())]


def start(home: Path, environment: dict[str, str], metrics_port: int = 0) -> str:
    """Starts the head's processes and returns its address. Raises Failure."""
    folder = make_folder(home)
    log_path = home / "logs" / "ray.log"
    with open(log_path, "wb") as log:
        try:
            subprocess.run(
                command(folder, metrics_port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                timeout=START_SECONDS,
                check=True,
            )
        except subprocess.SubprocessError as error:
            raise Failure(f"Ray did not start; {log_path} says why.") from error
    return (folder / "ray_current_cluster").read_text().strip()


def make_token(home: Path) -> None:
    """The token without which no local user's program can talk to this Ray."""
    path = home / TOKEN_FILE
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32))


def folder_of(home: Path) -> Path:
    """In the home where its path is short enough for Ray's sockets, else under /tmp."""
    inside = home / "ray"
    if len(str(inside)) <= LONGEST_FOLDER:
        return inside
    return Path(f"/tmp/basemodel-{os.getuid()}-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}/ray")


def make_folder(home: Path) -> Path:
    """Without what earlier sessions but the last left. Raises Failure.

    Ray opens its folder to everyone, so what keeps others out is the folder around it.
    """
    folder = folder_of(home)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    found = folder.parent.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Failure(f"{folder.parent} belongs to somebody else; remove it, or set BASEMODEL_HOME to a shorter path.")
    folder.parent.chmod(0o700)
    folder.mkdir(exist_ok=True)
    for session in sorted(folder.glob("session_2*"))[:-1]:
        shutil.rmtree(session, ignore_errors=True)
    (folder / "ray_current_cluster").unlink(missing_ok=True)
    return folder
