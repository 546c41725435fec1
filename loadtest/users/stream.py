"""A stream as its reader sees it: the tokens of each choice, when they came, and whether it ended as it should."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Stream:
    """`began` is on the monotonic clock. `first` and `gaps` are seconds; a gap is one of a token: from the last of its choice to it.

    What is echoed of a prompt can be the `first` that comes, and has no gaps.
    """

    began: float
    ids: dict[int, list[int]] = field(default_factory=dict)
    rows: int = 0
    first: float | None = None
    gaps: list[float] = field(default_factory=list)
    finished: set[int] = field(default_factory=set)
    done: bool = False
    error: str | None = None
    _latest: dict[int, float] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        return sum(map(len, self.ids.values()))

    def read(self, lines: Iterable[bytes]) -> Stream:
        """To its end, or to where it breaks."""
        try:
            for line in lines:
                if line == b"data: [DONE]":
                    self.done = True
                elif line.startswith(b"data: "):
                    self._take(json.loads(line[6:]))
        except Exception as broken:  # what HTTP libraries raise for a cut stream is many things
            self.error = self.error or f"cut: {type(broken).__name__}"
        return self

    def _take(self, event: dict[str, Any]) -> None:
        if "error" in event:
            self.error = f"{event['error']['code']} within the stream"
            return
        now = time.monotonic()
        for choice in event["choices"]:
            self._choice(choice, now)

    def _choice(self, choice: dict[str, Any], now: float) -> None:
        index, scored = choice["index"], len(choice["logprobs"]["token_logprobs"]) if choice["logprobs"] else 0
        self.ids.setdefault(index, []).extend(choice.get("token_ids") or [])
        self.rows += scored
        if choice["finish_reason"]:
            self.finished.add(index)
        count = brought(choice)
        if self.first is None and (count or scored):
            self.first = now - self.began
        if count:
            self._clock(index, count, now)

    def _clock(self, index: int, count: int, now: float) -> None:
        """Several tokens that come at once came with the same gap each, as in `router/timing.py`."""
        if index in self._latest:
            self.gaps += [(now - self._latest[index]) / count] * count
        self._latest[index] = now

    def fault(self, choices: int, tokens: int, scored: int = 0) -> str | None:
        """What is wrong with it, where each choice must have so many tokens, and so many more of the prompt have logprobs."""
        if self.error is not None:
            return self.error
        if not self.done:
            return "cut: no [DONE]"
        counts = [len(self.ids.get(index, [])) for index in range(choices)]
        if counts != [tokens] * choices or len(self.ids) > choices:
            return f"short: {sum(counts)} of {choices * tokens} tokens"
        if scored and self.rows != scored + choices * tokens:
            return f"short: {self.rows} of {scored + choices * tokens} rows"
        return None if len(self.finished) == choices else f"{len(self.finished)} of {choices} choices said that they end"


def brought(choice: dict[str, Any]) -> int:
    """Tokens that were made: all users ask for their ids. The ids beside logprobs are no measure, for they are of an echoed prompt too.

    What a service without ids sends counts as one token where it has text.
    """
    ids = choice.get("token_ids")
    return len(ids) if ids is not None else int(bool(choice.get("text")))
