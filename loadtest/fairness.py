"""How long a key waits beside another that floods the engine, and what fairness costs: `python -m loadtest.fairness`.

Two real model hosts, one `fair` as deployed and one `first-come` that hands every choice to vLLM at once, take turns under
the same load, so that whatever else the machine does weighs on both. Key A keeps 8 requests of 64 prompts, 256 tokens each,
in flight; key B asks for 16 tokens again and again. `gate-only` is fair without vLLM's priorities. Needs no cluster.
What came out: RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from deployments import choices, host, launch
from deployments.frames import FrameReceiver, socket_folder
from deployments.host_process import HostProcess
from deployments.launched import Launched
from deployments.turns import Turn, Turns
from router.catalogue import Catalogue, ModelSpec
from router.engine import Job, Sampling

FAIR, GATE_ONLY, FIRST_COME = "fair", "gate-only", "first-come"
CHECKOUT = Path(__file__).parent.parent
#: Without bound, as far as this load goes.
ALL = 100_000


@dataclass
class Load:
    """What A keeps in flight, and how often B asks."""

    requests: int = 8
    prompts: int = 64
    tokens: int = 256
    length: int = 16
    asks: int = 50
    seconds: float = 60.0


@dataclass
class Measured:
    idle: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


class Service:
    """One host and its tokens: runs jobs for a key and counts."""

    def __init__(self, spec: ModelSpec, mode: str, folder: Path) -> None:
        self.mode, self.made = mode, 0
        self.host, self._frames = HostProcess(spec, folder, launch=partial(launch_host, mode)), FrameReceiver(folder)

    async def run(self, job: Job, steps: list[float] | None = None) -> float:
        """Seconds to the first token; those between tokens are added to `steps`."""
        began, times = time.monotonic(), list[float]()
        stream, queue = self._frames.open()
        call = asyncio.create_task(self.host.run(job, self._frames.address, stream))
        try:
            finished = False
            while not finished and (delta := await queue.get()) is not None:
                times.append(time.monotonic())
                if steps is not None and len(times) > 2:
                    steps.append(times[-1] - times[-2])
                self.made += len(delta.token_ids)
                finished = delta.finish is not None
        finally:
            self._frames.close_stream(stream)
            call.cancel()
        return times[0] - began

    def close(self) -> None:
        self.host.close()
        self._frames.close()


async def launch_host(mode: str, spec: ModelSpec, folder: Path) -> Launched:
    return spawn_host(mode, spec, folder)


def spawn_host(mode: str, spec: ModelSpec, folder: Path) -> Launched:
    """As `launch.spawn`, but of this module, which is told the mode."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "loadtest.fairness", "--host", mode, str(theirs.fileno())]
    environment = launch.environment(spec, folder)
    with theirs:
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment, cwd=CHECKOUT, start_new_session=True)
    return Launched.child(process, ours)


class FirstCome(Turns):
    """Everyone gets a place in vLLM's own queue, in the order of arrival."""

    @asynccontextmanager
    async def turn(self, name: str, cost: int, room: int = 1, ahead: bool = False) -> AsyncIterator[Turn]:
        async with super().turn("everyone", cost, room) as turn:
            yield turn


class GateOnly(Turns):
    """All priorities are the same, so that vLLM serves in the order of the grants."""

    @asynccontextmanager
    async def turn(self, name: str, cost: int, room: int = 1, ahead: bool = False) -> AsyncIterator[Turn]:
        async with super().turn(name, cost, room, ahead) as turn:
            turn.tag = 0
            yield turn


def gate_only(spec: ModelSpec) -> Turns:
    reserve = spec.max_num_seqs // choices.RESERVED
    return GateOnly(spec.max_num_seqs - reserve, reserve)


def be_host(mode: str, descriptor: str) -> None:
    if mode == FIRST_COME:
        choices.places = lambda spec: FirstCome(ALL)
    elif mode == GATE_ONLY:
        choices.places = gate_only
    sys.argv = ["host", descriptor]
    host.main()


def job(key: str, length: int, tokens: int) -> Job:
    """Of a prompt that is nowhere in the cache."""
    ids = (0, *Random(secrets.token_hex(8)).choices(range(5, 2000), k=length - 1))
    return Job(secrets.token_hex(8), ids, Sampling(max_tokens=tokens, ignore_eos=True), tenant=key)


@asynccontextmanager
async def flood(service: Service, load: Load, steps: list[float]) -> AsyncIterator[None]:
    """Key A at work for as long as the block runs."""

    async def one_request() -> None:
        while True:
            await asyncio.gather(*(service.run(job("A", load.length, load.tokens), steps) for _ in range(load.prompts)))

    tasks = [asyncio.create_task(one_request()) for _ in range(load.requests)]
    try:
        await asyncio.sleep(load.seconds / 4)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ask(service: Service, asks: int) -> AsyncIterator[float]:
    """B's waits, one request after the other at uneven times."""
    for _ in range(asks):
        await asyncio.sleep(0.05 + 0.2 * Random(secrets.token_hex(8)).random())
        yield await service.run(job("B", 16, 16))


async def measure(service: Service, load: Load, measured: Measured) -> None:
    """One round: B alone, then beside A, then A's and B's tokens for as long as the round still lasts."""
    measured.idle += [waited async for waited in ask(service, load.asks)]
    async with flood(service, load, measured.steps):
        began, before = time.monotonic(), service.made
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(load.seconds):
                async for waited in ask(service, load.asks):
                    measured.waited.append(waited)
                await asyncio.sleep(load.seconds)
        measured.rates.append((service.made - before) / (time.monotonic() - began))
    await asyncio.sleep(1.0)


async def compare(spec: ModelSpec, load: Load, rounds: int, modes: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="fairness-") as home:
        folder, results = socket_folder(Path(home)), {mode: Measured() for mode in modes}
        services = []
        for mode in results:
            services.append(Service(spec, mode, folder))
            assert await services[-1].host.ready(300), services[-1].host.reason
        for number in range(rounds):
            for service in services if number % 2 else services[::-1]:
                await measure(service, load, results[service.mode])
                print(f"round {number + 1}, {service.mode}: {results[service.mode].rates[-1]:.0f} tokens/s", flush=True)
        for service in services:
            service.close()
    report(results)


def report(results: dict[str, Measured]) -> None:
    for mode, one in results.items():
        idle, step = statistics.median(one.idle), statistics.median(one.steps)
        waited = statistics.median(one.waited) if one.waited else float("inf")
        print(f"{mode}: idle TTFT {1000 * idle:.1f} ms, under load {1000 * waited:.1f} ms (median of {len(one.waited)}), ", end="")
        print(f"step {1000 * step:.1f} ms; allowed {1000 * (3 * idle + step):.1f} ms; {statistics.mean(one.rates):.0f} tokens/s")
    first, last = results
    ratios = [one / other for one, other in zip(results[first].rates, results[last].rates, strict=True)]
    print(f"throughput, {first} over {last}: {statistics.median(ratios):.3f} (rounds: {', '.join(f'{one:.3f}' for one in ratios)})")


def main() -> None:
    if sys.argv[1:2] == ["--host"]:
        return be_host(*sys.argv[2:4])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--model", default="pico", help="a model of serve_config.yaml")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--modes", nargs=2, choices=[FAIR, GATE_ONLY, FIRST_COME], default=[FAIR, FIRST_COME])
    for name, value in vars(Load()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    given = vars(parser.parse_args())
    spec = specs().get(given.pop("model"))
    assert spec is not None, "no such model in serve_config.yaml"
    rounds, modes = given.pop("rounds"), given.pop("modes")
    asyncio.run(compare(spec, Load(**given), rounds, modes))


def specs() -> Catalogue:
    import yaml

    config = yaml.safe_load((CHECKOUT / "serve_config.yaml").read_text())
    return Catalogue.model_validate(config["applications"][0]["deployments"][0]["user_config"])


if __name__ == "__main__":
    main()
