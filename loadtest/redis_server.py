"""A Redis of our own, with the settings of the embedded one, that may be killed, frozen and robbed of its journal's end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from basemodel.cluster import embedded_redis

READY_SECONDS = 20.0


class RedisServer:
    """`start` may be called again after `kill`, and finds what the dead one left on the disk."""

    def __init__(self, folder: Path, binary: str | None = None) -> None:
        self._folder, self._binary = folder, binary or embedded_redis.server_binary()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._folder / 'redis.sock'}"

    @property
    def version(self) -> str:
        with Redis.from_url(self.url) as client:
            return str(client.info("server")["redis_version"])

    def start(self) -> None:
        """Returns once it has read its journal."""
        self._process = process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis did not start; {self._folder / 'redis.log'} says why")
            time.sleep(0.01)

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
        """The file that grows; Redis 7 keeps it in a folder beside what it was rewritten to."""
        parts = self._folder.glob("appendonlydir/*.incr.aof")
        return max(parts, key=lambda path: int(path.name.split(".")[-3]), default=self._folder / "appendonly.aof")

    def cut_journal(self, tail: int) -> None:
        """By so many bytes, as a loss of power might; only while it is dead."""
        os.truncate(self.journal, self.journal.stat().st_size - tail)

    def _command(self) -> list[str]:
        words = [self._binary, *embedded_redis.command(self._folder, self._folder / "redis.log")[1:]]
        words[words.index("--daemonize") + 1] = "no"
        return words

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as client:
                return bool(client.ping())
        except RedisError:
            return False
