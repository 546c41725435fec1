"""A stream as its reader sees it: the tokens of each choice, when they came, and whether it ended as it should."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Stream:
    """`began` is on the monotonic clock. `first` and `gaps` are seconds, the latter with the tokens that came at their end."""

    began: float
    ids: dict[int, list[int]] = field(default_factory=dict)
    rows: int = 0
    first: float | None = None
    gaps: list[tuple[float, int]] = field(default_factory=list)
    finished: set[int] = field(default_factory=set)
    done: bool = False
    error: str | None = None
    _latest: float = 0.0

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
        brought = sum(self._choice(choice) for choice in event["choices"])
        if brought:
            self._clock(brought)

    def _choice(self, choice: dict[str, Any]) -> int:
        new = choice["token_ids"] or []
        self.ids.setdefault(choice["index"], []).extend(new)
        scored = len(choice["logprobs"]["token_logprobs"]) if choice["logprobs"] else 0
        self.rows += scored
        if choice["finish_reason"]:
            self.finished.add(choice["index"])
        return max(len(new), scored)

    def _clock(self, brought: int) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first = now - self.began
        else:
            self.gaps.append((now - self._latest, brought))
        self._latest = now

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
