"""The life of a model: cold, starting in phases, ready, draining, cold again; or failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    COLD = "cold"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"


class Phase(StrEnum):
    """How far a boot is, in this order."""

    ALLOCATING = "allocating"
    LOADING = "loading"
    WARMING = "warming"


#: Which state may follow which.
FOLLOWS: dict[State, frozenset[State]] = {
    State.COLD: frozenset({State.STARTING}),
    State.STARTING: frozenset({State.READY, State.FAILED, State.DRAINING, State.COLD}),
    State.READY: frozenset({State.DRAINING, State.STARTING, State.FAILED, State.COLD}),
    State.DRAINING: frozenset({State.COLD, State.STARTING, State.READY}),
    State.FAILED: frozenset({State.STARTING, State.READY, State.COLD}),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one model stands. `since` is Unix seconds; `phase`, `eta_seconds` and the bytes of its weights that are loaded
    only while starting; `retry_after_seconds`, until the next try, and `reason`, for the operator alone, only when failed."""

    state: State
    since: float
    phase: Phase | None = None
    eta_seconds: float | None = None
    running: int = 0
    wanted: int = 0
    done: int = 0
    total: int = 0
    retry_after_seconds: float | None = None
    reason: str = ""
