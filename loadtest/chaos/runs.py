"""A run: its rounds, each written to a file as soon as it is judged, so that the next call goes on behind the last."""

from __future__ import annotations

import fcntl
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from redis.asyncio import Redis

from budgets.store import connect
from loadtest.chaos.faults import SCENARIOS
from loadtest.chaos.history import Asked
from loadtest.chaos.judge import Verdict, judge
from loadtest.chaos.rounds import Lab, play
from loadtest.chaos.world import World, world


@dataclass(frozen=True)
class Run:
    """Of one scenario over one version of Redis: `path` has a first line that says what it is, then one for each round."""

    path: Path
    scenario: str
    redis: str
    rounds: int
    seed: int
    date: str

    @classmethod
    def opened(cls, folder: Path, scenario: str, redis: str, rounds: int | None, seed: int | None) -> Run:
        """The one that was begun, if any; else a new one."""
        path = cls.path_of(folder, scenario, redis)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            drawn = random.SystemRandom().randrange(2**32) if seed is None else seed
            head = {"scenario": scenario, "redis": redis, "rounds": rounds or SCENARIOS[scenario][1], "seed": drawn}
            path.write_text(json.dumps({**head, "date": datetime.now(UTC).date().isoformat()}) + "\n")
        return cls.read(path)

    @staticmethod
    def path_of(folder: Path, scenario: str, redis: str) -> Path:
        return folder / redis / f"{scenario.replace(' ', '-')}.jsonl"

    @classmethod
    def read(cls, path: Path) -> Run:
        return cls(path, **json.loads(path.read_text().splitlines()[0]))

    @property
    def done(self) -> list[dict[str, Any]]:
        return [line for line in self._lines() if "number" in line]

    @property
    def later(self) -> list[str]:
        """What was found wrong with earlier rounds at the end of a world."""
        return [fault for line in self._lines() for fault in line.get("later", ())]

    @property
    def busy(self) -> bool:
        with self.path.open("a") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        return True

    def _lines(self) -> list[dict[str, Any]]:
        """A line that a kill has torn is a round to be played again."""
        return [json.loads(line) for line in self.path.read_text().splitlines(keepends=True)[1:] if line.endswith("}\n")]

    async def go_on(self, binary: str | None) -> None:
        """From here to the end. Raises BlockingIOError where another process does."""
        first = len(self.done)
        with self.path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.path.read_text().endswith("\n"):
                self._write("\n")
            if first < self.rounds:
                await self._play(range(first, self.rounds), binary)

    async def _play(self, numbers: range, binary: str | None) -> None:
        """All in one world, whose rounds are looked at again at its end; those before a stop are not."""
        async with world(binary) as one, connect(one.server.url) as redis:
            charged = [await self._round(one, redis, number) for number in numbers]
            self._keep({"later": [fault async for fault in _later(charged)]})

    async def _round(self, one: World, redis: Redis, number: int) -> tuple[Lab, int]:
        seed = f"{self.seed}-{self.scenario}-{number}"
        lab, asked, seen, fault = await play(one, redis, self.scenario, number, seed)
        verdict = judge(asked, seen, fault)
        self._tell(number, seed, asked, verdict)
        self._keep({"number": number, "cut": fault.cut, "samples": seen.samples, "freed": seen.freed, **asdict(verdict)})
        return lab, verdict.charged

    def _keep(self, line: dict[str, Any]) -> None:
        self._write(json.dumps(line) + "\n")

    def _write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def _tell(self, number: int, seed: str, asked: list[Asked], verdict: Verdict) -> None:
        """A round with faults leaves its whole history beside the file."""
        typer.echo(f"{number + 1}/{self.rounds} {seed}: {_shown(verdict)}")
        if verdict.faults:
            history = [asdict(one) for one in asked]
            self.path.with_name(f"{self.path.stem}-{number}.json").write_text(json.dumps({"faults": verdict.faults, "asked": history}))


async def _later(charged: list[tuple[Lab, int]]) -> AsyncIterator[str]:
    """What was told again in a later round must not have changed an earlier one."""
    for lab, before in charged:
        now = sum([report.account.balance.used for report in await lab.reports()])
        if now != before:
            yield f"{now - before} tokens were added after the round"
        for fault in await lab.audit():
            yield fault


def _shown(verdict: Verdict) -> str:
    numbers = {name: value for name, value in asdict(verdict).items() if name != "faults"}
    told = ", ".join(f"{name} {value:.1f}" if isinstance(value, float) else f"{name} {value}" for name, value in numbers.items())
    return "; ".join([told, *verdict.faults])
