"""A Redis with a journal that tests kill, freeze and rob of its last bytes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.conftest import redis_server

SECONDS = 15.0


class MortalRedis:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._folder}/redis.sock"

    def start(self) -> None:
        """Returns once it has read its journal."""
        options = ["--port", "0", "--unixsocket", f"{self._folder}/redis.sock", "--dir", str(self._folder), "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "always"]
        self._process = subprocess.Popen([str(redis_server()), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + SECONDS
        while not self._answers():
            assert self._process.poll() is None, "Redis ended"
            assert time.monotonic() < deadline
            time.sleep(0.01)

    async def restart(self) -> None:
        await asyncio.to_thread(self.start)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    @property
    def journal(self) -> Path:
        return self._folder / "appendonly.aof"

    def cut_journal(self, size: int) -> None:
        """To this many bytes, as after a loss of power; only while it is dead."""
        assert self._process is None
        os.truncate(self.journal, size)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as redis:
                return bool(redis.ping())
        except RedisError:
            return False
