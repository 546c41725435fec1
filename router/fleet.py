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

    async def problem(self) -> str | None:
        """Why the control plane cannot be reached, or None while it can."""
        ...
