"""When the tokens of a request come: the first one, and what lies between the others."""

from __future__ import annotations

from time import perf_counter

from router import measures
from router.engine import Delta


class Timing:
    """Of one job. `began`: when the request did (perf_counter)."""

    __slots__ = ("_began", "_first", "_gaps", "_last")

    def __init__(self, model: str, began: float, choices: int) -> None:
        self._began, self._last = began, [0.0] * choices
        self._first, self._gaps = measures.TTFT.of(model), measures.GAP.of(model)

    def came(self, delta: Delta) -> None:
        """Several tokens that come at once came with the same gap each."""
        count = len(delta.token_ids)
        if not count:
            return
        now, last = perf_counter(), self._last
        before = last[delta.choice]
        if before:
            self._gaps.observe((now - before) / count, count)
        else:
            self._first_token(now)
        last[delta.choice] = now

    def _first_token(self, now: float) -> None:
        """Of the job: the first token of a later choice is no first token for anybody."""
        if not any(self._last):
            self._first.observe(now - self._began)
