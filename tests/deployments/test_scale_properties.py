"""Whatever the load does: no flapping, nothing stopped at work, and rest when all is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.scale import FULL, SPARE, Load, Memory, Situation, decide
from tests.deployments.scaled_model import SPEC

TICK, ROUNDING = 0.5, 1e-6
BOOT_SECONDS = 10.0
LONG_ENOUGH = (SPEC.max_replicas + 1) * SPEC.downscale_seconds + SPEC.idle_seconds

#: Load in replicas' worth, for so many seconds, and why the model is wanted meanwhile.
Phase = tuple[float, float, str]


@dataclass
class Change:
    """`load`: then, in replicas' worth. `idle`: seconds since there was any, or since a replica was ready."""

    when: float
    before: int
    after: int
    load: float
    idle: float


@dataclass
class Cluster:
    """Replicas that take a while to boot, as Serve keeps them, and the load shared among them."""

    now: float = 0.0
    target: int = 1
    ready_at: list[float] = field(default_factory=lambda: [0.0])
    busy_at: float = 0.0
    memory: Memory = field(default_factory=Memory)
    changes: list[Change] = field(default_factory=list)

    def look(self, load: float, wanted: str) -> None:
        """`load`: in what one replica should carry."""
        self.now += TICK
        if load:
            self.busy_at = self.now
        ready = [since for since in self.ready_at if since <= self.now]
        if load and not ready:  # Serve asks no policy then
            self._scale(max(1, self.target))
            return
        situation = Situation(self.now, len(ready), self.target, load, wanted, self._loads(load, ready))
        replicas = decide(SPEC, situation, self.memory).replicas
        if replicas != self.target:
            idle = self.now - max([self.busy_at, *ready])
            self.changes.append(Change(self.now, self.target, replicas, load, idle))
            self._scale(replicas)

    def _loads(self, load: float, ready: list[float]) -> dict[str, Load]:
        each = load * SPEC.max_num_seqs / max(1, len(ready))
        return {f"r{number}": Load(each, 0, self.now - self.busy_at, self.now - since) for number, since in enumerate(ready)}

    def _scale(self, replicas: int) -> None:
        self.ready_at = (self.ready_at + [self.now + BOOT_SECONDS] * replicas)[:replicas]
        self.target = replicas


#: A life is thousands of looks.
of_many_lives = settings(deadline=None, max_examples=50)
PHASES = st.lists(
    st.tuples(
        st.one_of(st.just(0.0), st.floats(0, 6), st.sampled_from([FULL, SPARE, 2 * FULL, 2 * SPARE, 1.0])),
        st.floats(TICK, 200),
        st.sampled_from(["", "", "wish"]),
    ),
    min_size=1,
    max_size=8,
)


def lived(phases: list[Phase]) -> Cluster:
    cluster = Cluster()
    for load, seconds, wanted in phases:
        for _ in range(int(seconds / TICK)):
            cluster.look(load, wanted)
            assert cluster.target <= SPEC.max_replicas
            assert cluster.target >= bool(load or wanted)
    return cluster


@of_many_lives
@given(PHASES)
def test_replicas_go_one_by_one_and_only_where_fewer_have_room(phases: list[Phase]) -> None:
    for change in lived(phases).changes:
        if 0 < change.after < change.before:
            assert change.after == change.before - 1
            assert change.load <= SPARE * change.after + ROUNDING


@of_many_lives
@given(PHASES)
def test_a_replica_that_was_started_stays_at_least_as_long_as_less_load_must_last(phases: list[Phase]) -> None:
    for earlier, later in pairwise(lived(phases).changes):
        if earlier.after > earlier.before and 0 < later.after < later.before:
            assert later.when - earlier.when >= SPEC.downscale_seconds


@of_many_lives
@given(PHASES)
def test_after_one_went_another_comes_only_with_more_load_than_there_was(phases: list[Phase]) -> None:
    for earlier, later in pairwise(lived(phases).changes):
        if 0 < earlier.after < earlier.before and later.after > later.before:
            assert later.load > FULL * earlier.after > earlier.load


@of_many_lives
@given(PHASES, st.floats(0.01, 6))
def test_under_a_load_that_stays_the_replicas_come_to_rest_and_carry_it(phases: list[Phase], load: float) -> None:
    cluster = lived([*phases, (load, LONG_ENOUGH, "")])
    changes = len(cluster.changes)
    for _ in range(1000):
        cluster.look(load, "")
    assert len(cluster.changes) == changes
    assert cluster.target == SPEC.max_replicas or load <= FULL * cluster.target + ROUNDING
    assert cluster.target == 1 or load > SPARE * (cluster.target - 1) - ROUNDING


@of_many_lives
@given(PHASES)
def test_a_model_that_nobody_wants_any_more_stops_after_its_idle_time_and_not_before(phases: list[Phase]) -> None:
    cluster = lived([*phases, (0.0, LONG_ENOUGH, "")])
    assert cluster.target == 0
    assert all(change.idle >= SPEC.idle_seconds for change in cluster.changes if change.after == 0)
