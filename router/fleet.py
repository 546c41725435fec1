"""The port to all models at once: which there are, how each stands, and the engine of each."""

from __future__ import annotations

from typing import Protocol

from router.catalogue import Catalogue, ModelSpec
from router.engine import Engine
from router.lifecycle import Standing


class Fleet(Protocol):
    @property
    def catalogue(self) -> Catalogue: ...

    def engine(self, spec: ModelSpec) -> Engine: ...

    def standing(self, spec: ModelSpec) -> Standing: ...

    async def wake(self, spec: ModelSpec, waker: str) -> None:
        """Wants the model to run: one boot, however many ask. `waker` is the id of a key. Raises EngineBroken, StoreUnavailable."""
        ...

    async def changed(self, spec: ModelSpec, seconds: float) -> None:
        """Returns when the model may stand otherwise than a moment ago, or when the time is over."""
        ...

    async def problem(self) -> str | None:
        """Why the control plane cannot be reached, or None while it can."""
        ...
