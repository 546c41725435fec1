"""What is counted of each request when it ends: its model, its route, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, cast

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from router import measures
from router.errors import InternalError

if TYPE_CHECKING:
    from router.tracing import Step, Tracing

#: Where in the ASGI scope the note lies.
NOTE = "basemodel.note"
OK, LEFT = "ok", "left"
UNMATCHED = "unmatched"


@dataclass
class Note:
    """`outcome` is the code of an error; None while there is none."""

    model: str = measures.OTHER
    outcome: str | None = None
    began: float = field(default_factory=perf_counter)
    steps: list[Step] = field(default_factory=list)

    def step(self, name: str) -> None:
        """It ended now, and the next one begins."""
        self.steps.append((name, perf_counter()))


def note_of(scope: Scope) -> Note:
    """A request that came past the middleware has one of its own, which nobody counts."""
    return cast(Note, scope.setdefault(NOTE, Note()))


class Noted:
    """Every handler of errors says the code in the note; what has none was answered as it was asked."""

    def __init__(self, app: ASGIApp, tracing: Tracing | None = None) -> None:
        self._app, self._tracing = app, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        note = scope[NOTE] = Note()
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            note.outcome = note.outcome or LEFT
            raise
        except Exception:
            note.outcome = InternalError.code
            raise
        finally:
            self._ended(scope, note)

    def _ended(self, scope: Scope, note: Note) -> None:
        route = getattr(scope.get("route"), "path", None) or UNMATCHED
        measures.REQUESTS.of(note.model, route, note.outcome or OK).add()
        if self._tracing is not None:
            attributes = {"model": note.model, "route": route, "outcome": note.outcome or OK}
            self._tracing.tell(scope, note.began, note.steps, attributes)
