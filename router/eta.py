"""When a boot will be over, from what each phase took in earlier boots of the same model."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from router.boots import Boot
from router.lifecycle import Phase

#: Boots that are looked at: the machine, its caches and the model's place change.
LATEST = 7
#: Of what a phase usually takes, what is still expected of one that has taken longer already.
OVERDUE = 0.2

Durations = dict[Phase, float]


def durations(boot: Boot) -> Durations:
    """Seconds that each phase of a boot took, which became ready."""
    assert boot.ready is not None
    begun = sorted(boot.phases.items(), key=lambda item: item[1])
    ends = [*begun[1:], (None, boot.ready)]
    return {phase: end[1] - began for (phase, began), end in zip(begun, ends, strict=True)}


def usual(past: Sequence[Boot]) -> Durations:
    """The median of each phase in the latest boots that became ready; {} where none did. `past`: the latest first."""
    known = [durations(boot) for boot in past if boot.ready is not None and len(boot.phases) == len(Phase)][:LATEST]
    return {phase: median(one[phase] for one in known) for phase in Phase} if known else {}


def remaining(expected: Durations, phase: Phase, began: float, now: float, loaded: float = 0.0) -> float | None:
    """Seconds until ready for a boot whose current phase began then; None where nothing is known.

    `loaded`: the share of the weights that is there. Where it says more than the clock, it counts.
    """
    if not expected:
        return None
    order = list(Phase)
    later = sum(expected[one] for one in order[order.index(phase) + 1 :])
    passed = max(0.0, now - began)
    here = max(expected[phase] - passed, OVERDUE * expected[phase])
    if phase == Phase.LOADING and 0.0 < loaded < 1.0 and passed > expected[phase]:
        here = passed * (1 - loaded) / loaded
    return here + later

