"""A soak: its load and its parts, each written as soon as it is known, so that the next call goes on behind the last."""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from loadtest import lines, results
from loadtest.faults.ledger import ledger
from loadtest.faults.world import World, world
from loadtest.soak.load import calibrated
from loadtest.soak.part import Part, leaks, play

PART_SECONDS = 300.0
STEPS, STEP_SECONDS = (4, 8, 16, 32, 64), 20.0
#: Of a process's memory, after hours.
GROWTH = 1.3


@dataclass(frozen=True)
class Soak:
    """In `folder`: load.json, and parts.jsonl with a line for each part."""

    folder: Path
    hours: float
    part_seconds: float = PART_SECONDS
    steps: tuple[int, ...] = STEPS
    step_seconds: float = STEP_SECONDS

    @property
    def count(self) -> int:
        return max(1, round(self.hours * 3600 / self.part_seconds))

    @property
    def parts(self) -> list[Part]:
        return [Part(**line) for line in lines.read(self.folder / "parts.jsonl")]

    @property
    def load(self) -> dict[str, Any] | None:
        path = self.folder / "load.json"
        return dict(json.loads(path.read_text())) if path.exists() else None

    def go_on(self) -> None:
        """Raises BlockingIOError where it runs already."""
        with self._alone(), world() as cluster:
            if self.load is None:
                asyncio.run(self._calibrate(cluster))
            assert self.load is not None
            for number in range(len(self.parts), self.count):
                part = asyncio.run(play(cluster, number, self.load["users"], self.part_seconds, self.folder))
                typer.echo(lines.append(self.folder / "parts.jsonl", asdict(part)))

    @property
    def busy(self) -> bool:
        """Whether it runs now."""
        try:
            with self._alone():
                return False
        except BlockingIOError:
            return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    async def _calibrate(self, cluster: World) -> None:
        async with ledger(cluster.redis.url) as account:
            users, rates = await calibrated(cluster, account.key, self.steps, self.step_seconds, self.folder)
        found = {"users": users, "steps": dict(zip(map(str, self.steps), rates, strict=True)), "machine": results.machine()}
        (self.folder / "load.json").write_text(json.dumps(found))
        typer.echo(json.dumps(found))

    def summary(self) -> dict[str, Any]:
        parts = self.parts
        faults = [f"part {part.number}, {part.fault}: {fault}" for part in parts for fault in part.faults]
        sums = {name: sum(getattr(part, name) for part in parts) for name in ("answers", "delivered", "charged")}
        failed = sum(sum(part.failed.values()) for part in parts)
        shortened = self.part_seconds < PART_SECONDS or self.hours < 2
        return {"parts": len(parts), "of": self.count, "shortened": shortened, **(self.load or {}), **sums, "failed": failed} | {
            "faults": [*faults, *leaks(parts, GROWTH)]
        }
