"""What a request may use at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """In tokens: the prompts, and what `sequences` choices may make together."""

    request_id: str
    prompt: int
    completion: int = 0
    sequences: int = 0

    @property
    def tokens(self) -> int:
        return self.prompt + self.completion
