"""Deploying the config and watching the applications until all run and the API answers."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from basemodel.failure import Failure

BOOT_SECONDS = 900.0
HTTP_SECONDS = 60.0
FAILED = ("DEPLOY_FAILED", "UNHEALTHY")

#: Application -> its state, as it changes.
Tell = Callable[[dict[str, str]], None]


def deploy(address: str, config_path: Path, home: Path, environment: dict[str, str], tell: Tell) -> None:
    """Returns when every application runs. Raises Failure."""
    log_path = home / "logs" / "deploy.log"
    with open(log_path, "wb") as log, _child(address, config_path, environment, log) as child:
        deadline = time.monotonic() + BOOT_SECONDS
        for line in _lines(child, deadline):
            if line.startswith("{"):
                _tell(json.loads(line), home, tell)
        if child.wait(timeout=10) != 0:
            raise Failure(f"Serve did not take the config; the end of {log_path} says why.")


@contextmanager
def _child(address: str, config_path: Path, environment: dict[str, str], log: object) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "basemodel.cluster.deploy", address, str(config_path)]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=environment, start_new_session=True  # type: ignore[call-overload]
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()


def _lines(child: subprocess.Popen[bytes], deadline: float) -> Iterator[str]:
    """What the child prints, line by line, until it closes its output. Raises Failure at the deadline."""
    assert child.stdout is not None
    selector = selectors.DefaultSelector()
    selector.register(child.stdout, selectors.EVENT_READ)
    with selector:
        while time.monotonic() < deadline:
            if not selector.select(timeout=1.0):
                continue
            line = child.stdout.readline()
            if not line:
                return
            yield line.decode(errors="replace").strip()
    raise Failure(f"The models did not start within {BOOT_SECONDS:.0f} s; the host-*.log files beside deploy.log say why.")


def _tell(progress: dict[str, dict[str, str]], home: Path, tell: Tell) -> None:
    tell({name: application["state"] for name, application in progress.items()})
    for name, application in progress.items():
        if application["state"] in FAILED:
            reason = (application["message"].strip().splitlines() or ["no reason given"])[-1]
            raise Failure(f"The application {name} did not start ({reason}); logs are under {home}.")


def await_http(base_url: str) -> None:
    """Returns when `GET /ready` answers 200. Raises Failure with what it said last."""
    deadline, said = time.monotonic() + HTTP_SECONDS, "nothing"
    with httpx.Client(base_url=base_url, trust_env=False, timeout=5.0) as client:
        while time.monotonic() < deadline:
            try:
                response = client.get("/ready")
                if response.status_code == 200:
                    return
                said = f"{response.status_code} {response.text[:200]}"
            except httpx.TransportError as error:
                said = type(error).__name__
            time.sleep(0.2)
    raise Failure(f"{base_url}/ready did not become ready within {HTTP_SECONDS:.0f} s; it said: {said}.")
