"""Which replica gets a job: the one that has computed the most of its prompt, as long as it has not far more to do than others.

This is consistent hashing with bounded loads, with a memory: who had a prompt's beginning is remembered, and only what nobody
had is hashed, so that several gateways mostly agree without speaking to each other. Knows replicas by their ids alone.
"""

from __future__ import annotations

import random
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Mapping
from hashlib import blake2b

from deployments.prefix_keys import KEY_BYTES, LADDER, Hint

#: A match counts if it is this part of the prompt: with less, what is new decides where there is room in a cache.
LEAST_MATCH = 0.5
#: How far, in prompts of its length, a replica may be ahead in new prompts and still win another by hash.
LEAD = 2.0
#: How fast new prompts are forgotten in that comparison: about the last 50 count.
FADE = 0.98
MOST_HOLDERS = 4


class Loads:
    """Sequences that this process has sent to each replica and that have not ended."""

    def __init__(self) -> None:
        self._jobs: defaultdict[str, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._sequences, self._calls = Counter[str](), Counter[str]()

    def begin(self, replica: str, request: str, sequences: int) -> None:
        """Several jobs of one request may run at one replica."""
        self._jobs[replica][request].append(sequences)
        self._sequences[replica] += sequences
        self._calls[replica] += 1

    def end(self, replica: str, request: str) -> None:
        """One job of the request has ended; unknown ones, as those of a replica that was gone, are ignored."""
        jobs = self._jobs.get(replica)
        if jobs is None or request not in jobs:
            return
        self._sequences[replica] -= jobs[request].pop()
        self._calls[replica] -= 1
        if not jobs[request]:
            del jobs[request]

    def of(self, replica: str, ongoing: int) -> int:
        """Sequences at a replica that says how many calls are ongoing: those of others count as one sequence each."""
        return self._sequences[replica] + max(0, ongoing - self._calls[replica])

    def keep(self, replicas: Collection[str]) -> None:
        for gone in self._jobs.keys() - set(replicas):
            del self._jobs[gone], self._sequences[gone], self._calls[gone]


class Placement:
    """Remembers who had which beginning, `keys` of them at most, the last used. Loads are bounded by factor x mean + slack."""

    def __init__(self, factor: float = 1.25, slack: float = 4.0, keys: int = 50_000) -> None:
        self._factor, self._slack, self._most = factor, slack, keys
        self._holders: OrderedDict[int, tuple[str, ...]] = OrderedDict()
        self._placed: dict[str, float] = {}

    def choose(self, hint: Hint, loads: Mapping[str, float]) -> str:
        """One of the replicas, whose loads are given: at least one."""
        if not hint.keys:
            return min(random.sample(list(loads), min(2, len(loads))), key=loads.__getitem__)
        bound = self._factor * sum(loads.values()) / len(loads) + self._slack
        within = {replica: load for replica, load in loads.items() if load <= bound}
        chosen = self._longest_match(hint.keys, within) or self._new_home(hint.keys, within)
        self._remember(hint.keys, chosen)
        return chosen

    def _longest_match(self, keys: tuple[int, ...], loads: Mapping[str, float]) -> str | None:
        least = LEAST_MATCH * LADDER[len(keys) - 1]
        for key, length in zip(keys, reversed(LADDER[: len(keys)]), strict=True):
            holders = [one for one in self._holders.get(key, ()) if one in loads]
            if holders and length >= least:
                return min(holders, key=loads.__getitem__)
        return None

    def _new_home(self, keys: tuple[int, ...], loads: Mapping[str, float]) -> str:
        """By hash, among those that did not get more of the last new prompts than the others."""
        tokens = LADDER[len(keys) - 1]
        placed = {replica: self._placed.get(replica, 0.0) for replica in loads}
        least = min(placed.values())
        home = max((one for one in placed if placed[one] <= least + LEAD * tokens), key=lambda one: _rank(_trunk(keys), one))
        self._placed = {replica: FADE * tokens for replica, tokens in self._placed.items()}
        self._placed[home] = self._placed.get(home, 0.0) + tokens
        return home

    def _remember(self, keys: tuple[int, ...], replica: str) -> None:
        for key in keys:
            others = (one for one in self._holders.pop(key, ()) if one != replica)
            self._holders[key] = (replica, *others)[:MOST_HOLDERS]
        while len(self._holders) > self._most:
            self._holders.popitem(last=False)

    def keep(self, replicas: Collection[str]) -> None:
        """Forgets all others. One that is new begins with as many new prompts as the one that had the fewest."""
        floor = min(self._placed.values(), default=0.0)
        gone = self._placed.keys() - set(replicas)
        self._placed = {replica: self._placed.get(replica, floor) for replica in replicas}
        if gone:
            left = ((key, tuple(one for one in holders if one in self._placed)) for key, holders in self._holders.items())
            self._holders = OrderedDict((key, holders) for key, holders in left if holders)


def _trunk(keys: tuple[int, ...]) -> int:
    """The key at half the prompt: longer than a common preamble, shorter than what prompts of one document differ in."""
    return next(
        (key for key, length in zip(keys, reversed(LADDER[: len(keys)]), strict=True) if 2 * length <= LADDER[len(keys) - 1]), keys[-1]
    )


def _rank(key: int, replica: str) -> bytes:
    return blake2b(key.to_bytes(KEY_BYTES, "big") + replica.encode(), digest_size=KEY_BYTES).digest()
