"""The ledger in plain Python, one process, no Redis: what each call must answer and leave behind."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from budgets.ledger import STATES, State
from budgets.requests import Charge, Limits, Reservation
from tests.budgets.ledgers import KEY, NOON, OTHER, TIMERS

#: What a call answered: a word and what makes it definite.
Answer = tuple[str | int, ...]


@dataclass
class Known:
    """A request that was admitted or given up; `charged` is (prompt, completion)."""

    wish: Reservation
    state: State
    day: str = ""
    done: int = 0
    lease: int = 0
    charged: tuple[int, int] = (0, 0)

    @property
    def live(self) -> bool:
        return self.state in (State.OPEN, State.ORPHANED)

    def moves(self, script: str) -> bool:
        after = STATES.get((self.state, script))
        self.state = after or self.state
        return after is not None


@dataclass
class Model:
    limits: Limits
    now: int = NOON
    caps: dict[str, int | None] = field(default_factory=lambda: {"account": 100, KEY: 60, OTHER: None})
    states: dict[str, str] = field(default_factory=lambda: {"account": "active", KEY: "active", OTHER: "active"})
    known: dict[str, Known] = field(default_factory=dict)
    places: dict[str, dict[str, int]] = field(default_factory=lambda: {KEY: {}, OTHER: {}})
    queues: dict[str, dict[str, int]] = field(default_factory=lambda: {KEY: {}, OTHER: {}})

    @property
    def day(self) -> str:
        return datetime.fromtimestamp(self.now / 1000, UTC).strftime("%Y-%m-%d")

    def admit(self, wish: Reservation) -> Answer:
        was = self.known.get(wish.request_id)
        if was:
            return ("GRANTED", was.day) if was.live else ("ENDED", was.state.value)
        self._purge(wish)
        refusal = self._unusable(wish.key_id) or self._refusal(wish)
        if refusal:
            self.queues[wish.key_id].pop(wish.request_id, None)
            return refusal
        return self._waits(wish) or self._grant(wish)

    def extend(self, request_id: str, done: int) -> Answer:
        known = self.known[request_id]
        if not known.moves("extend"):
            return ("ENDED", known.state.value)
        known.done, known.lease = max(known.done, done), self.now + TIMERS.lease
        self.places[known.wish.key_id][request_id] = known.lease
        return self._unusable(known.wish.key_id) or ("EXTENDED",)

    def settle(self, request_id: str, charge: Charge) -> Answer:
        known = self.known[request_id]
        outcome = "SETTLED" if known.live else "CORRECTED"
        if not known.moves("settle"):
            return ("DUPLICATE", 0)
        before, known.charged = sum(known.charged), (charge.prompt, charge.completion)
        self.places[known.wish.key_id].pop(request_id, None)
        return (outcome, sum(known.charged) - before)

    def abandon(self, wish: Reservation) -> Answer:
        known = self.known.get(wish.request_id)
        self.queues[wish.key_id].pop(wish.request_id, None)
        if known is None:
            self.known[wish.request_id] = Known(wish, State.ABANDONED)
            return ("LEFT",)
        self.places[wish.key_id].pop(wish.request_id, None) if known.live else None
        return ("RELEASED",) if known.moves("abandon") else ("ENDED",)

    def reap(self) -> Answer:
        late = [known for known in self.known.values() if known.live and known.lease <= self.now]
        for known in late:
            known.moves("reap")
            known.lease = self.now + TIMERS.grace
            self.places[known.wish.key_id].pop(known.wish.request_id, None)
            if known.state is State.EXPIRED:
                known.charged = known.wish.prompt, min(known.done, known.wish.hold - known.wish.prompt)
        expired = sum(known.state is State.EXPIRED for known in late)
        return (len(late) - expired, expired)

    def budget(self) -> dict[str, int]:
        """Every field of the budget that is not 0."""
        amounts: dict[str, int] = defaultdict(int)
        for known in self.known.values():
            for scope in ("", known.wish.key_id + "/"):
                amounts[f"{known.day[:7]}/{scope}used"] += sum(known.charged)
                amounts[f"{known.day[:7]}/{scope}held"] += known.wish.hold if known.live else 0
        return {name: tokens for name, tokens in amounts.items() if tokens}

    def _purge(self, wish: Reservation) -> None:
        queue, places = self.queues[wish.key_id], self.places[wish.key_id]
        if wish.request_id in queue:
            queue[wish.request_id] = self.now + TIMERS.waiter
        for members in (queue, places):
            for gone in [name for name, lease in members.items() if lease <= self.now]:
                del members[gone]

    def _unusable(self, key: str) -> Answer | None:
        key_state, account_state = self.states[key], self.states["account"]
        state = key_state if key_state == "revoked" or account_state == "active" else account_state
        return None if state == "active" else ("KeyRefused", state)

    def _refusal(self, wish: Reservation) -> Answer | None:
        amounts, month = self.budget(), self.day[:7]
        for word, counted in (("BudgetExceeded", ("used",)), ("BudgetReserved", ("used", "held"))):
            for scope, cap, prefix in (("key", self.caps[wish.key_id], wish.key_id + "/"), ("account", self.caps["account"], "")):
                taken = sum(amounts.get(f"{month}/{prefix}{what}", 0) for what in counted)
                if cap is not None and taken + wish.hold > cap:
                    return (word, scope)
        return None

    def _waits(self, wish: Reservation) -> Answer | None:
        queue, free = self.queues[wish.key_id], self.limits.places - len(self.places[wish.key_id])
        ahead = list(queue).index(wish.request_id) if wish.request_id in queue else len(queue)
        if ahead < free:
            return None
        if wish.request_id not in queue and len(queue) >= self.limits.queue:
            return ("QueueFull",)
        queue.setdefault(wish.request_id, self.now + TIMERS.waiter)
        return ("QUEUED", ahead)

    def _grant(self, wish: Reservation) -> Answer:
        lease = self.now + TIMERS.lease
        self.queues[wish.key_id].pop(wish.request_id, None)
        self.known[wish.request_id] = Known(wish, State.OPEN, self.day, lease=lease)
        self.places[wish.key_id][wish.request_id] = lease
        return ("GRANTED", self.day)
