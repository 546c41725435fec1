"""A gateway without its HTTP face, for tests that kill it: `python -m tests.budgets.worker REDIS_URL FOLDER`.

It does what its standard input says, a line at a time, and answers each line with a line:

    admit ID KEY PROMPT HOLD   granted, or the name of the refusal
    start ID   count ID N      done
    settle ID COMPLETION       done; its prompt is charged too
    abandon ID                 done
    load SEED AT_ONCE LOG      done at once; from then on it serves random requests and logs them
    close                      done, and ends

The log has a line for each `granted ID PROMPT`, `counted ID DONE` and `ending ID PROMPT COMPLETION`, written after it happened,
but `ending` before: what a killed worker must be charged is then known to within its last unlogged step.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from budgets.accounting import Accounting
from budgets.errors import BudgetError
from budgets.hold import Hold
from budgets.requests import Charge, Reservation
from budgets.store import connect
from tests.budgets.ledgers import ACCOUNT, KEY, OTHER

LARGEST_STEP = 3


class Worker:
    def __init__(self, accounting: Accounting) -> None:
        self._accounting = accounting
        self._holds: dict[str, Hold] = {}
        self._load: list[asyncio.Task[None]] = []

    async def do(self, line: str) -> str:
        match line.split():
            case ["admit", request_id, key, prompt, hold]:
                return await self._admit(Reservation(request_id, ACCOUNT, key, "pico", int(prompt), int(hold)))
            case ["start", request_id]:
                self._holds[request_id].started()
            case ["count", request_id, tokens]:
                self._holds[request_id].count(int(tokens))
            case ["settle", request_id, completion]:
                held = self._holds[request_id]
                await held.settle(Charge(held.granted.reservation.prompt, int(completion)))
            case ["abandon", request_id]:
                await self._holds[request_id].abandon()
            case ["load", seed, at_once, log]:
                self._begin(random.Random(int(seed)), int(at_once), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND))
            case _:
                raise ValueError(line)
        return "done"

    async def _admit(self, wanted: Reservation) -> str:
        try:
            self._holds[wanted.request_id] = await self._accounting.admit(wanted)
        except BudgetError as error:
            return type(error).__name__
        return "granted"

    def _begin(self, rng: random.Random, at_once: int, log: int) -> None:
        self._load = [asyncio.create_task(self._client(f"{os.getpid()}-{number}", rng, log)) for number in range(at_once)]

    async def _client(self, name: str, rng: random.Random, log: int) -> None:
        number = 0
        while True:
            number += 1
            prompt, most = rng.randint(1, 9), rng.randint(1, 30)
            wanted = Reservation(f"{name}-{number}", ACCOUNT, rng.choice((KEY, OTHER)), "pico", prompt, prompt + most)
            try:
                await self._serve(await self._accounting.admit(wanted), most, rng, log)
            except BudgetError:
                await asyncio.sleep(0.01)

    async def _serve(self, hold: Hold, most: int, rng: random.Random, log: int) -> None:
        wanted = hold.granted.reservation
        os.write(log, f"granted {wanted.request_id} {wanted.prompt}\n".encode())
        hold.started()
        while rng.random() < 0.9:
            step = rng.randint(1, LARGEST_STEP)
            if hold.row.done + step > most:
                break
            hold.count(step)
            os.write(log, f"counted {wanted.request_id} {hold.row.done}\n".encode())
            await asyncio.sleep(rng.random() * 0.02)
        os.write(log, f"ending {wanted.request_id} {wanted.prompt} {hold.row.done}\n".encode())
        await hold.settle(Charge(wanted.prompt, hold.row.done))

    async def end(self) -> None:
        for task in self._load:
            task.cancel()
        await asyncio.gather(*self._load, return_exceptions=True)
        await self._accounting.close()


async def main(redis_url: str, folder: str) -> None:
    redis = connect(redis_url)
    accounting = Accounting(redis, Path(folder), learning=0.0)
    await accounting.start()
    worker, lines = Worker(accounting), asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print("started", flush=True)
    async for line in lines:
        if line.decode().strip() == "close":
            break
        print(await worker.do(line.decode()), flush=True)
    await worker.end()
    await redis.aclose()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
