"""What a round leaves behind: every request as its client saw it, and what was read of the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Outcomes that are no error code of ours. LEFT: the client hung up. BROKEN: the connection ended before the answer.
#: UNREACHED: nobody listened. HUNG: nothing came within the bound.
FINISHED, LEFT, BROKEN, UNREACHED, HUNG = "finished", "left", "broken", "unreached", "hung"
UNANSWERED = (LEFT, BROKEN, HUNG)


@dataclass
class Asked:
    """One request. `most`: tokens that it may make; `seen`: tokens that came; `usage`: prompt and completion tokens that a
    finished answer told. `began` is in seconds of the round."""

    key: str
    gateway: int
    kind: str
    prompt: int
    most: int
    began: float
    seconds: float = 0.0
    outcome: str = BROKEN
    status: int = 0
    seen: int = 0
    usage: tuple[int, int] | None = None

    @property
    def least_charge(self) -> int:
        """What reached the client."""
        if self.usage is not None:
            return sum(self.usage)
        return self.prompt + self.seen if self.seen else 0

    @property
    def largest_charge(self) -> int:
        if self.usage is not None:
            return sum(self.usage)
        return self.prompt + self.most if self.outcome in UNANSWERED or self.seen else 0


@dataclass(frozen=True)
class Counts:
    """Of a key, as `GET /v1/usage` tells them."""

    used: int = 0
    requests: int = 0
    prompt: int = 0
    completion: int = 0


@dataclass
class Fault:
    """What a scenario did. `killed`: the gateway, if it was one. `made`: by processes that are dead now; `spare`: what they may
    have made since they were asked. `recovery`: seconds from the end of the outage until both gateways admitted."""

    killed: int | None = None
    made: int = 0
    spare: int = 0
    recovery: float = 0.0
    cut: int = 0


@dataclass
class Seen:
    """What was read: `charged` over HTTP, `disagreements` of other readers with it, the largest excess over any cap in all
    `samples`. `made`: by engines in this round, exactly where `spare` is 0. `freed`: seconds until nothing was held."""

    charged: dict[str, Counts] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)
    over: int = 0
    samples: int = 0
    made: int = 0
    spare: int = 0
    freed: float | None = None
