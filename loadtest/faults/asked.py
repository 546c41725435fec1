"""One request as its client saw it."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.catalogue import EMBEDDED
from router.engine import Job, Sampling
from router.scripted_engine import ScriptedEngine
from router.tokens import Vocabulary

#: Outcomes that are neither an error code of ours nor an error within a stream. CUT: the connection ended before the answer did.
#: REFUSED: nobody listened. The last three may never be: no end in time; an answer that is short and says nothing; other tokens.
COMPLETE, CUT, REFUSED = "complete", "connection cut", "connection refused"
HUNG, SHORT, WRONG = "hung", "tokens missing without an error", "wrong tokens"
NEVER = (HUNG, SHORT, WRONG)


@dataclass
class Asked:
    """`group` is why it was asked. Times are seconds of the scene; `first` and `last` of tokens, `gap` the longest wait for
    what comes after one."""

    group: str
    model: str
    stream: bool
    prompt: tuple[int, ...]
    seed: int
    max_tokens: int
    began: float = 0.0
    ended: float = 0.0
    first: float | None = None
    last: float = 0.0
    gap: float = 0.0
    outcome: str = CUT
    status: int = 0
    retry_after: str = ""
    tokens: list[int] = field(default_factory=list)
    usage: int | None = None

    @property
    def body(self) -> dict[str, object]:
        fields = {"model": self.model, "prompt": list(self.prompt), "max_tokens": self.max_tokens, "seed": self.seed}
        flags = {"ignore_eos": True, "return_token_ids": True, "stream": self.stream}
        return fields | flags | ({"stream_options": {"include_usage": True}} if self.stream else {})

    @property
    def least_charge(self) -> int:
        if self.usage is not None:
            return self.usage
        return len(self.prompt) + len(self.tokens) if self.tokens else 0

    @property
    def largest_charge(self) -> int:
        """What an engine may have made for it; nothing where it was refused."""
        if self.usage is not None:
            return self.usage
        refused = self.outcome == REFUSED or (self.status >= 400 and self.status not in (500, 502))
        return 0 if refused else len(self.prompt) + self.max_tokens

    def take(self, ids: list[int], now: float) -> None:
        if not ids:
            return
        self.gap = max(self.gap, now - self.last) if self.first is not None else 0.0
        self.first, self.last = self.first or now, now
        self.tokens += ids

    def end(self, now: float) -> None:
        self.ended = now
        if self.first is not None:
            self.gap = max(self.gap, now - self.last)


class Expected:
    """What the scripted engine makes of a prompt and a seed."""

    def __init__(self) -> None:
        self._engine = ScriptedEngine(Vocabulary.load(str(EMBEDDED / "pico")))

    async def check(self, one: Asked) -> None:
        """Overrules an outcome that hides what is wrong."""
        right = await self.tokens(one)
        if one.tokens != right[: len(one.tokens)]:
            one.outcome = WRONG
        elif one.outcome == COMPLETE and len(one.tokens) < len(right):
            one.outcome = SHORT

    async def tokens(self, one: Asked) -> list[int]:
        job = Job("expected", one.prompt, Sampling(max_tokens=one.max_tokens, ignore_eos=True), (one.seed,))
        return [token async for delta in self._engine.generate(job) for token in delta.token_ids]
