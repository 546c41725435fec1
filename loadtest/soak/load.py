"""Locust for some seconds, and every answer that its users got."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from loadtest.faults.world import World
from loadtest.gateways import CHECKOUT

USERS = ("Interactive", "Rollouts", "Scoring", "Loom")
TOKENS = 16
SHARE = 0.7
#: For what users have begun when the time is over.
FINISH_SECONDS = 90
WAIT_SECONDS = FINISH_SECONDS + 60


@dataclass(frozen=True)
class Answer:
    """As `loadtest.users.answers` writes it, as far as it is judged."""

    asked: float
    seconds: float
    tokens: int
    error: str | None
    least: int
    most: int


async def locust(world: World, key: str, users: int, seconds: float, log: Path) -> list[Answer]:
    """Raises TimeoutError and RuntimeError."""
    command = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless", "--host", f"{world.base}/v1", "--only-summary"]
    command += ["--users", str(users), "--spawn-rate", "20", "--run-time", f"{round(seconds)}s"]
    command += ["--stop-timeout", str(FINISH_SECONDS), *USERS]
    asked = {"LOAD_MODEL": "pico", "LOAD_TOKENS": str(TOKENS), "LOAD_LOG": str(log), "ACS_API_KEY": key}
    with log.with_suffix(".txt").open("wb") as told:
        process = await asyncio.create_subprocess_exec(*command, cwd=CHECKOUT, env=os.environ | asked, stdout=told, stderr=told)
    try:
        async with asyncio.timeout(seconds + WAIT_SECONDS):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return answers(log)


def answers(log: Path) -> list[Answer]:
    names = Answer.__dataclass_fields__.keys()
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    return [Answer(**{name: line[name] for name in names}) for line in lines]


async def calibrated(world: World, key: str, steps: tuple[int, ...], seconds: float, folder: Path) -> tuple[int, list[float]]:
    """Users that make SHARE of the most tokens a second, and what each step made."""
    rates = []
    for users in steps:
        log = folder / f"calibration-{users}.jsonl"
        log.unlink(missing_ok=True)
        began = time.monotonic()
        found = await locust(world, key, users, seconds, log)
        rates.append(round(sum(one.tokens for one in found) / (time.monotonic() - began), 1))
    return fitting(steps, rates, SHARE), rates


def fitting(steps: tuple[int, ...], rates: list[float], share: float) -> int:
    """Between two steps by a straight line."""
    wanted = share * max(rates)
    above = next(at for at, rate in enumerate(rates) if rate >= wanted)
    if above == 0 or rates[above] == rates[above - 1]:
        return steps[above]
    part = (wanted - rates[above - 1]) / (rates[above] - rates[above - 1])
    return max(1, round(steps[above - 1] + part * (steps[above] - steps[above - 1])))
