"""What the ledger is asked and what it answers. Amounts are whole tokens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

#: Three of them still add up exactly in a double, which is all that Lua has.
MAX_TOKENS = 10**15

#: What a caller may say its request is part of; counted with the usage, and nothing else depends on it.
WORKLOADS = ("batch", "interactive")


@dataclass(frozen=True)
class Timers:
    """Milliseconds. A request is extended at least three times within `lease`, a waiter asks again three times within
    `waiter`; both are below the 15 s within which a vanished one must free its place."""

    lease: int = 12_000
    waiter: int = 5_000
    grace: int = 600_000
    tombstone: int = 48 * 3_600_000


@dataclass(frozen=True)
class Limits:
    """Of a key that has no own numbers: how many of its requests run at once, and how many wait."""

    places: int = 8
    queue: int = 1024


@dataclass(frozen=True)
class Reservation:
    """`hold` is the worst case, prompt included; `request_id` is made by the server and never used twice.
    `workload` is one of WORKLOADS, or "" where the caller did not say."""

    request_id: str
    account_id: str
    key_id: str
    model: str
    prompt: int
    hold: int
    workload: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.prompt <= self.hold <= MAX_TOKENS or self.hold < 1:
            raise ValueError(f"a hold of {self.hold} tokens for a prompt of {self.prompt}")
        if self.workload not in ("", *WORKLOADS):
            raise ValueError(f"a workload of {self.workload!r}")


@dataclass(frozen=True)
class Balance:
    """Of one month. `cap` None: unbounded, so only the account's holds."""

    cap: int | None
    used: int
    held: int

    @property
    def remaining(self) -> int | None:
        return None if self.cap is None else max(0, self.cap - self.used - self.held)


@dataclass(frozen=True)
class Granted:
    """`day`, UTC, is the admission's: its month pays, whenever the request ends. The balances include the hold."""

    reservation: Reservation
    day: str
    key: Balance
    account: Balance


@dataclass(frozen=True)
class Queued:
    """`ahead`: how many of the key's requests were in line before this one."""

    ahead: int

    @property
    def poll_after(self) -> float:
        """Seconds; the head of the line asks often, the tail rarely. The caller adds jitter."""
        return min(0.4, 0.02 + 0.01 * self.ahead)


@dataclass(frozen=True)
class Charge:
    """What a request really used; `failed` counts it among the errors."""

    prompt: int
    completion: int
    failed: bool = False

    def __post_init__(self) -> None:
        if self.prompt < 0 or self.completion < 0 or self.prompt + self.completion > MAX_TOKENS:
            raise ValueError(f"a charge of {self.prompt} + {self.completion} tokens")


class Extension(Enum):
    """What became of a heartbeat. REASSERTED: Redis had lost the request, and holds its tokens again."""

    EXTENDED = "EXTENDED"
    REASSERTED = "REASSERTED"


class Outcome(Enum):
    """What became of a settlement. CORRECTED: it had expired or been given up; RECOVERED: Redis did not know it."""

    SETTLED = "SETTLED"
    CORRECTED = "CORRECTED"
    RECOVERED = "RECOVERED"
    DUPLICATE = "DUPLICATE"


@dataclass(frozen=True)
class Settled:
    """`change` of what is used: the charge, its difference from an earlier guess, or 0."""

    outcome: Outcome
    change: int


class Release(Enum):
    """What became of a request given up. RELEASED: its hold is free; LEFT: it held nothing; ENDED: it had ended before."""

    RELEASED = "RELEASED"
    LEFT = "LEFT"
    ENDED = "ENDED"


@dataclass(frozen=True)
class Reaped:
    """How many requests were found without their owner, and how many of them were ended."""

    orphaned: int
    expired: int
