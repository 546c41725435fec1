"""How many replicas a model should have: a pure decision, all times given, so that every rule of it is a test.

A model is at zero unless it is warm, in a warm window, wished for, or was busy within its idle time. It is never stopped while it boots
or while it works. Load is what the replicas themselves say: sequences that run or wait, and prompt tokens to be computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from router.catalogue import ModelSpec

#: Of what a replica should carry: above the first one more is needed, at the second or below one fewer would do.
FULL, SPARE = 0.8, 0.6
#: Prompt tokens that may wait at a replica, in steps of its engine.
PREFILL_STEPS = 4
#: What was wanted a moment ago still is: a wish ends a moment before Serve counts the replica that it woke.
GRACE_SECONDS = 30.0
#: What was seen before a longer break than this has no meaning any more: Serve itself decides while calls wait for a cold model.
GAP_SECONDS = 5.0
#: Load that falls for shorter than this, and than a quarter of what it must last, goes on: requests that end together leave a gap.
DIP_SECONDS = 2.0


@dataclass(frozen=True)
class Load:
    """What one replica says. `idle` and `ready`: seconds since anything ran, and since it was ready first."""

    sequences: float
    prefill_tokens: float
    idle: float
    ready: float
    booting: bool = False


@dataclass(frozen=True)
class Situation:
    """`running` and `target` replicas, as Serve counts; `calls` that it knows of. `wanted`: why at least one is; "" where nothing
    says so. `loads`: of the running replicas that said something lately; `sure`: nothing that could want the model is unknown.
    `stopped`: by the operator, a moment ago."""

    now: float
    running: int
    target: int
    calls: float = 0.0
    wanted: str = ""
    loads: Mapping[str, Load] = field(default_factory=dict)
    sure: bool = True
    stopped: bool = False


class Memory(TypedDict, total=False):
    """What a policy keeps between two looks; times are those of `Situation.now`."""

    looked: float
    unwanted_since: float | None
    full_since: float | None
    full_seen: float
    full_least: int
    spare_since: float | None
    short_since: float | None


NOTHING_SEEN = Memory(unwanted_since=None, full_since=None, spare_since=None, short_since=None)


@dataclass(frozen=True)
class Decision:
    """`reason` is for the log."""

    replicas: int
    reason: str = ""


def decide(spec: ModelSpec, at: Situation, memory: Memory) -> Decision:
    """Changes the memory."""
    if at.now - memory.get("looked", at.now) > GAP_SECONDS or at.target == 0:
        memory.update(NOTHING_SEEN)
    memory["looked"] = at.now
    boots = at.running < at.target or any(load.booting for load in at.loads.values())
    memory["short_since"] = _since(memory.get("short_since"), boots, at.now)
    if at.target == 0:
        return Decision(1, at.wanted) if at.wanted else Decision(0)
    if at.stopped and not at.wanted:
        return Decision(0, "the operator stopped it")
    boots_only = at.running == 0 or _stuck(spec, at, memory)
    memory["unwanted_since"] = _since(memory.get("unwanted_since"), boots_only and _unwanted(at), at.now)
    return _booting(at, memory) if boots_only else _running(spec, at, memory)


def _booting(at: Situation, memory: Memory) -> Decision:
    """A boot is not given up while anybody wants it; afterwards it is, which also makes Serve forget that it failed."""
    if _lasted(memory["unwanted_since"], GRACE_SECONDS, at.now):
        return Decision(0, "nobody waits any more for a model that does not start")
    return Decision(at.target)


def _unwanted(at: Situation) -> bool:
    """What is not known may be a wish."""
    return not at.wanted and at.sure and at.calls <= 0


def _running(spec: ModelSpec, at: Situation, memory: Memory) -> Decision:
    if _idle(spec, at):
        return Decision(0, f"idle for {spec.idle_seconds} s")
    full, spare = _needed(spec, at, FULL), _needed(spec, at, SPARE)
    _see_full(spec, at, memory, full)
    memory["spare_since"] = _since(memory.get("spare_since"), spare < at.target and _told(at), at.now)
    if full > at.target and _lasted(memory["full_since"], spec.upscale_seconds, at.now):
        memory["full_since"] = None
        return Decision(min(memory["full_least"], spec.max_replicas), "more load than its replicas should carry")
    if at.target > 1 and _lasted(memory["spare_since"], spec.downscale_seconds, at.now) and not _short(spec, at, memory):
        memory["spare_since"] = None
        return Decision(at.target - 1, "one replica fewer carries the load")
    return Decision(min(at.target, spec.max_replicas))


def _see_full(spec: ModelSpec, at: Situation, memory: Memory, full: int) -> None:
    """Since when more replicas are needed, and how many at least, dips apart."""
    before = memory.get("full_since")
    if full > at.target:
        memory["full_least"] = full if before is None else min(full, memory.get("full_least", full))
        memory["full_since"], memory["full_seen"] = at.now if before is None else before, at.now
    elif at.now - memory.get("full_seen", at.now) >= min(DIP_SECONDS, spec.upscale_seconds / 4):
        memory["full_since"] = None


def _told(at: Situation) -> bool:
    return len(at.loads) >= at.running


def _short(spec: ModelSpec, at: Situation, memory: Memory) -> bool:
    """Whether a replica or its engine is being booted; one that takes longer than any boot is not."""
    return memory.get("short_since") is not None and not _overdue(spec, at, memory)


def _overdue(spec: ModelSpec, at: Situation, memory: Memory) -> bool:
    return _lasted(memory.get("short_since"), spec.boot_timeout_seconds, at.now)


def _stuck(spec: ModelSpec, at: Situation, memory: Memory) -> bool:
    """Every replica runs, but no engine of them comes back."""
    return _told(at) and all(load.booting for load in at.loads.values()) and _overdue(spec, at, memory)


def _idle(spec: ModelSpec, at: Situation) -> bool:
    """Counted from ready. What is not known is no idleness."""
    if not _unwanted(at) or not _told(at):
        return False
    return all(
        not (load.sequences or load.prefill_tokens or load.booting) and min(load.idle, load.ready) >= spec.idle_seconds
        for load in at.loads.values()
    )


def _needed(spec: ModelSpec, at: Situation, share: float) -> int:
    """Replicas of which each would carry this share of what it should."""
    sequences = sum(load.sequences for load in at.loads.values()) / (spec.target_sequences or spec.max_num_seqs)
    prefill = sum(load.prefill_tokens for load in at.loads.values()) / (PREFILL_STEPS * spec.max_num_batched_tokens)
    return max(1, math.ceil(max(sequences, prefill) / share))


def _since(before: float | None, holds: bool, now: float) -> float | None:
    if not holds:
        return None
    return now if before is None else before


def _lasted(since: float | None, seconds: float, now: float) -> bool:
    return since is not None and now - since >= seconds
