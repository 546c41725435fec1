"""How a model stands, from what replicas say of their boots, what is wished, and what Serve runs. Pure: all is given, the time too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from router.boots import Boot
from router.eta import Durations, remaining
from router.lifecycle import FOLLOWS, Phase, Standing, State
from router.wishes import Wish

#: A boot that waits for its place for longer than this, beyond what it usually takes, has no end that could be told.
PLACING_SECONDS = 30.0
NO_PLACE = "no node has taken it yet"
#: Until the next try of a boot that is being tried.
TRYING_SECONDS = 5.0


@dataclass(frozen=True)
class Seen:
    """`replicas`: ids of those that Serve runs and this process can reach, None where it has not heard yet. `counts`: Serve's
    replicas by the name of their state. `expected`: what the phases of a boot usually take. `message`: Serve's own words."""

    replicas: frozenset[str] | None = None
    boots: Sequence[Boot] = ()
    wish: Wish | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    expected: Durations = field(default_factory=dict)
    message: str = ""


def standing_of(seen: Seen, now: float) -> Standing:
    """The standing, as if it began now."""
    booting = [boot for boot in seen.boots if boot.ready is None]
    ready = _running(seen) - {boot.replica for boot in booting}
    starting = sum(seen.counts.values()) - seen.counts.get("RUNNING", 0) - seen.counts.get("STOPPING", 0)
    wanted = max(len(ready) + len(booting), len(ready) + starting, int(seen.wish is not None))
    if ready:
        return Standing(State.READY, now, running=len(ready), wanted=wanted)
    if any(boot.failures for boot in booting):
        return _failed(booting, wanted, now)
    if booting or starting or seen.wish is not None:
        return _starting(seen, booting, wanted, now)
    return Standing(State.DRAINING if seen.counts.get("STOPPING") else State.COLD, now)


def _running(seen: Seen) -> frozenset[str]:
    if seen.replicas is not None:
        return seen.replicas
    return frozenset(boot.replica for boot in seen.boots if boot.ready is not None)


def _failed(booting: Sequence[Boot], wanted: int, now: float) -> Standing:
    """The one that is tried again first speaks for all."""
    first = min(booting, key=lambda boot: boot.next_try or now)
    retry = TRYING_SECONDS if first.next_try is None else max(1.0, first.next_try - now)
    return Standing(State.FAILED, now, wanted=wanted, retry_after_seconds=retry, reason=first.reason)


def _starting(seen: Seen, booting: Sequence[Boot], wanted: int, now: float) -> Standing:
    """The boot that is farthest is the one that is waited for."""
    if not booting:
        return _allocating(seen, wanted, now)
    order = list(Phase)
    boot = max(booting, key=lambda one: (order.index(one.phase), one.done))
    loaded = boot.done / boot.total if boot.total else 0.0
    eta = remaining(seen.expected, boot.phase, boot.phases.get(boot.phase, now), now, loaded)
    return Standing(State.STARTING, now, boot.phase, eta, wanted=wanted, done=boot.done, total=boot.total)


def _allocating(seen: Seen, wanted: int, now: float) -> Standing:
    began = now if seen.wish is None else seen.wish.since
    eta = remaining(seen.expected, Phase.ALLOCATING, began, now)
    if now - began > seen.expected.get(Phase.ALLOCATING, 0.0) + PLACING_SECONDS:
        return Standing(State.STARTING, now, Phase.ALLOCATING, None, wanted=wanted, reason=f"{NO_PLACE}: {seen.message}")
    return Standing(State.STARTING, now, Phase.ALLOCATING, eta, wanted=wanted)


def after(before: Standing | None, now: Standing) -> Standing:
    """The standing as it goes on from the one before: a state that lasts keeps when it began."""
    if before is None or before.state != now.state:
        return now
    return replace(now, since=before.since)


def unforeseen(before: Standing | None, now: Standing) -> bool:
    """Whether the table of the life cycle has no such step: worth a line in the log, and nothing else."""
    return before is not None and before.state != now.state and now.state not in FOLLOWS[before.state]
