"""The port to all models at once: which there are, how each stands, and the engine of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from router.catalogue import Catalogue, ModelSpec
from router.engine import Engine


class State(StrEnum):
    COLD = "cold"
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"


class Phase(StrEnum):
    """How far a boot is."""

    ALLOCATING = "allocating"
    LOADING = "loading"
    WARMING = "warming"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one model stands. `since` is Unix seconds; `phase` and `eta_seconds` only while starting."""

    state: State
    since: float
    phase: Phase | None = None
    eta_seconds: float | None = None
    running: int = 0
    wanted: int = 0


class Fleet(Protocol):
    @property
    def catalogue(self) -> Catalogue: ...

    def engine(self, spec: ModelSpec) -> Engine: ...

    def standing(self, spec: ModelSpec) -> Standing: ...

    async def problem(self) -> str | None:
        """Why the control plane cannot be reached, or None while it can."""
        ...
