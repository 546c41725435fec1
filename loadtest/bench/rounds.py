"""The rounds: what is not measured yet is, and each value is written as soon as it is known, so that the next call goes on there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

import typer
import uvloop

from loadtest import lines, results
from loadtest.bench import alone, peers, service
from loadtest.bench.client import load, request
from loadtest.bench.servers import Server
from loadtest.bench.works import LITELLM, OURS, RAY_LLM, SERVERS, VLLM, WORKS, Work
from loadtest.fairness import specs
from router.catalogue import ModelSpec

#: Beside WORKS. BOOT is from a server's start to its first token, COLD that of a cold model of ours; IDLE is cores taken at rest.
BOOT, COLD, IDLE, GATEWAY, CHANNELLED, ACCOUNTING = "boot", "cold-boot", "idle", "gateway-alone", "gateway-channelled", "accounting"
OTHERS = (BOOT, IDLE, COLD, GATEWAY, CHANNELLED, ACCOUNTING)  # at rest before a boot, after which another spare worker begins
#: Measured without the whole service.
ALONE = (GATEWAY, CHANNELLED, ACCOUNTING)


@dataclass(frozen=True)
class Row:
    """`value` is None where the server could not do the work; `why` says how. `busy`: of the machine, before the server was started."""

    round: int
    server: str
    work: str
    value: float | None
    why: str = ""
    busy: float = 0.0


@dataclass
class Bench:
    """`path` has a line of JSON for each row. `scale`: of the number of requests. `_tried`: what has a row of this run."""

    path: Path
    model: str
    rounds: int
    works: tuple[str, ...] = (*WORKS, *OTHERS)
    servers: tuple[str, ...] = SERVERS
    scale: float = 1.0
    _busy: float = field(default=0.0)
    _tried: set[tuple[int, str, str]] = field(default_factory=set)

    @property
    def rows(self) -> list[Row]:
        found = [Row(**line) for line in lines.read(self.path)]
        return list({(row.round, row.server, row.work): row for row in found}.values())  # what failed may have been tried again

    @property
    def spec(self) -> ModelSpec:
        found = specs().get(self.model)
        assert found is not None, f"there is no {self.model} in serve_config.yaml"
        return found

    def go_on(self) -> None:
        """What failed before is tried again; a server that does not start is told of, and the others go on."""
        for number in range(self.rounds):
            ways = {self._vllm_and_litellm: (VLLM, LITELLM), self._ray_llm: (RAY_LLM,), self._ours: (OURS,), self._alone: ()}
            for way in ways if number % 2 == 0 else reversed(ways):
                try:
                    way(number)
                except Exception as failed:  # a peer's fault ends its rows, not the run
                    typer.echo(f"round {number}: {failed}", err=True)
                    self._undone(number, ways[way], failed)

    def _undone(self, number: int, servers: tuple[str, ...], failed: Exception) -> None:
        """Whatever they should have done and did not come to says why."""
        for server in servers:
            for work in self._missing(number, server):
                if work not in ALONE and (number, server, work) not in self._tried:
                    self._put(Row(number, server, work, None, _why(failed), self._busy))

    def _missing(self, number: int, server: str) -> list[str]:
        done = {(row.round, row.server, row.work) for row in self.rows if row.value is not None}
        return [work for work in self.works if _can(server, work) and (number, server, work) not in done and server in self.servers]

    def _vllm_and_litellm(self, number: int) -> None:
        if not self._missing(number, VLLM) and not self._missing(number, LITELLM):
            return
        self._busy = results.busy()
        with folder() as one, folder() as other, peers.vllm(self.spec, one) as server:
            self._all(number, server)
            if self._missing(number, LITELLM):
                with peers.litellm(server, other) as front:
                    self._all(number, front)

    def _ray_llm(self, number: int) -> None:
        if self._missing(number, RAY_LLM):
            self._busy = results.busy()
            with folder() as one, peers.ray_llm(self.spec, one) as server:
                self._all(number, server)

    def _ours(self, number: int) -> None:
        if {*self._missing(number, OURS)} - {*ALONE}:
            self._busy = results.busy()
            with folder() as one, service.service(self.model, one) as server:
                self._all(number, server)

    def _alone(self, number: int) -> None:
        self._busy = results.busy()
        missing = self._missing(number, OURS)
        if GATEWAY in missing:
            self._keep(number, OURS, GATEWAY, lambda: uvloop.run(alone.gateway(round(512 * self.scale))))
        if CHANNELLED in missing:
            self._keep(number, OURS, CHANNELLED, lambda: uvloop.run(alone.channelled(round(512 * self.scale))))
        if ACCOUNTING in missing:
            self._keep(number, OURS, ACCOUNTING, lambda: alone.added_ms(round(1000 * self.scale)))

    def _all(self, number: int, server: Server) -> None:
        told: dict[str, Callable[[], float]] = {BOOT: lambda: server.boot, IDLE: server.idle, COLD: lambda: service.cold_boot(server)}
        for work in self._missing(number, server.name):
            if work in told:
                self._keep(number, server.name, work, told[work])
            elif work in WORKS:
                self._keep(number, server.name, work, lambda one=WORKS[work]: self._measure(number, server, one))  # type: ignore[misc]

    def _measure(self, number: int, server: Server, work: Work) -> float:
        count = max(work.at_once, round(work.requests * self.scale))
        for warm_up in (True, False):
            random = Random(f"{number} {server.name} {work.title} {warm_up}")
            bodies = work.bodies(random, min(count, 2 * work.at_once) if warm_up else count)
            keys = server.keys
            wanted = [request(work.path, {"model": server.model, **one}, keys[at % len(keys)]) for at, one in enumerate(bodies)]
            answers, seconds = uvloop.run(load(server.port, wanted, work.at_once))
            wrong = [one for one in answers if one.status != 200]
            assert not wrong, f"{len(wrong)} of {len(answers)} failed: {wrong[0].status} {wrong[0].body[:200]!r}"
            work.check(bodies, answers)
        return work.value(answers, seconds)

    def _keep(self, number: int, server: str, work: str, measured: Callable[[], float]) -> None:
        value, why = None, ""
        try:
            value = round(measured(), 4)
        except Exception as failed:  # a peer's fault ends its row, not the run
            why = _why(failed)
        self._put(Row(number, server, work, value, why, self._busy))

    def _put(self, row: Row) -> None:
        self._tried.add((row.round, row.server, row.work))
        typer.echo(lines.append(self.path, asdict(row)))


def _why(failed: Exception) -> str:
    return f"{type(failed).__name__}: {failed}"


def _can(server: str, work: str) -> bool:
    if work in WORKS:
        return server in WORKS[work].servers
    return server == OURS or work in (BOOT, IDLE)


@contextmanager
def folder() -> Iterator[Path]:
    """Kept where something fails, for the logs in it."""
    path = Path(tempfile.mkdtemp(prefix="bm-b-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)
