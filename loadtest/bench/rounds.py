"""The rounds: what is not measured yet is, and each value is written as soon as it is known, so that the next call goes on there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
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
    """`path` has a line of JSON for each row. `scale`: of the number of requests."""

    path: Path
    model: str
    rounds: int
    works: tuple[str, ...] = (*WORKS, *OTHERS)
    servers: tuple[str, ...] = SERVERS
    scale: float = 1.0
    _busy: float = field(default=0.0)

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
            for part in (self._side_by_side, self._alone):
                try:
                    part(number)
                except Exception as failed:  # a server's fault ends its rows, not the run
                    typer.echo(f"round {number}: {failed}", err=True)

    def _side_by_side(self, number: int) -> None:
        """All of them are up, and a work is done by one after the other; whoever's turn it is not stands still."""
        self._busy = results.busy()
        with ExitStack() as stack:
            servers = self._started(number, stack)
            for work in self.works:
                for server in servers if number % 2 == 0 else reversed(servers):
                    if work in self._to_do(number, server.name):
                        self._keep(number, server.name, work, partial(self._in_turn, number, server, work))

    def _started(self, number: int, stack: ExitStack) -> list[Server]:
        """Each while those before it stand still."""
        found: dict[str, Server] = {}
        for name in SERVERS:
            if not self._needed(number, name):
                continue
            try:
                found[name] = stack.enter_context(self._server(name, found))
            except Exception as failed:
                self._undone(number, name, failed)
        return list(found.values())

    @contextmanager
    def _server(self, name: str, before: dict[str, Server]) -> Iterator[Server]:
        """A paused one."""
        starts: dict[str, Callable[[Path], AbstractContextManager[Server]]] = {
            VLLM: lambda folder: peers.vllm(self.spec, folder),
            LITELLM: lambda folder: peers.litellm(before[VLLM], folder),
            RAY_LLM: lambda folder: peers.ray_llm(self.spec, folder),
            OURS: lambda folder: service.service(self.model, folder),
        }
        if name == LITELLM and VLLM not in before:
            raise RuntimeError("vLLM did not start")
        with ExitStack() as stack:
            if name == LITELLM:
                stack.enter_context(before[VLLM].turn())
            server = stack.enter_context(_in_folder(starts[name]))
            server.pause()
            try:
                yield server
            finally:
                server.resume()

    def _needed(self, number: int, name: str) -> bool:
        """LiteLLM has vLLM's server behind it."""
        names = (name, LITELLM) if name == VLLM else (name,)
        return any(self._to_do(number, one) for one in names)

    def _undone(self, number: int, server: str, failed: Exception) -> None:
        """Whatever it should have done says why."""
        typer.echo(f"round {number}: {failed}", err=True)
        for work in self._to_do(number, server):
            self._put(Row(number, server, work, None, _why(failed), self._busy))

    def _to_do(self, number: int, server: str) -> list[str]:
        """What is missing and needs the server."""
        return [work for work in self._missing(number, server) if work not in ALONE]

    def _missing(self, number: int, server: str) -> list[str]:
        done = {(row.round, row.server, row.work) for row in self.rows if row.value is not None}
        return [work for work in self.works if _can(server, work) and (number, server, work) not in done and server in self.servers]

    def _alone(self, number: int) -> None:
        self._busy = results.busy()
        missing = self._missing(number, OURS)
        if GATEWAY in missing:
            self._keep(number, OURS, GATEWAY, lambda: uvloop.run(alone.gateway(round(512 * self.scale))))
        if CHANNELLED in missing:
            self._keep(number, OURS, CHANNELLED, lambda: uvloop.run(alone.channelled(round(512 * self.scale))))
        if ACCOUNTING in missing:
            self._keep(number, OURS, ACCOUNTING, lambda: alone.added_ms(round(1000 * self.scale)))

    def _in_turn(self, number: int, server: Server, work: str) -> float:
        told: dict[str, Callable[[], float]] = {BOOT: lambda: server.boot, IDLE: server.idle, COLD: lambda: service.cold_boot(server)}
        with server.turn():
            return told[work]() if work in told else self._measure(number, server, WORKS[work])

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
        typer.echo(lines.append(self.path, asdict(row)))


def _why(failed: Exception) -> str:
    return f"{type(failed).__name__}: {failed}"


def _can(server: str, work: str) -> bool:
    if work in WORKS:
        return server in WORKS[work].servers
    return server == OURS or work in (BOOT, IDLE)


@contextmanager
def _in_folder(start: Callable[[Path], AbstractContextManager[Server]]) -> Iterator[Server]:
    """In one of its own, which is kept where something fails, for the logs in it."""
    path = Path(tempfile.mkdtemp(prefix="bm-b-"))
    with start(path) as server:
        yield server
    shutil.rmtree(path, ignore_errors=True)
