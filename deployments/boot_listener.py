"""Who is told about the boots of a replica's engine."""

from __future__ import annotations

from typing import Protocol

from deployments.launched import How
from router.lifecycle import Phase


class Listener(Protocol):
    """Is told about each boot, and never raises."""

    def began(self, how: How) -> None:
        """A boot begins."""

    def phase(self, phase: Phase, done: int, total: int) -> None:
        """Bytes of weights, while they are loaded; the total is 0 where it is not known."""

    def ready(self) -> None: ...

    def failed(self, reason: str, retry_after: float) -> None:
        """The boot did; seconds until the next try."""

    def lost(self, reason: str) -> None:
        """A ready engine ended; a new boot follows at once, or after a pause where one engine after the other ends soon."""


class Nobody:
    """A listener that does not care."""

    def began(self, how: How) -> None: ...

    def phase(self, phase: Phase, done: int, total: int) -> None: ...

    def ready(self) -> None: ...

    def failed(self, reason: str, retry_after: float) -> None: ...

    def lost(self, reason: str) -> None: ...


NOBODY = Nobody()
