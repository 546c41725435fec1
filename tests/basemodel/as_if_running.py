"""A home that looks to the commands as if its service ran, without Ray."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from basemodel.cluster import embedded_redis
from basemodel.cluster.processes import MARK, marked
from basemodel.cluster.state import State
from basemodel.cluster.stop import down
from tests.cluster import free_port

UNSET = ("ACS_API_KEY", "ACS_API_BASE", "BASEMODEL_PUBLIC_URL", "BASEMODEL_REDIS_URL", "BASEMODEL_SECRET")


@contextmanager
def as_if_running(home: Path, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Iterator[State]:
    """Its state, its Redis, and a process that is called raylet; nothing answers at its port."""
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BASEMODEL_HOME", str(home))
    (home / "logs").mkdir()
    environment = os.environ | {MARK: str(home)}
    raylet = subprocess.Popen(["raylet", "600"], executable="/usr/bin/sleep", env=environment)
    redis = embedded_redis.start(home, environment)
    state = State("running", int(time.time()), "/x.yaml", "127.0.0.1", free_port(), redis=redis, **fields)
    state.write(home)
    yield state
    down(home)
    raylet.wait()
    assert marked(home) == []
