"""What the clients of a scene saw, counted, and which promises it broke."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from loadtest.faults.asked import COMPLETE, NEVER, Asked
from loadtest.faults.ledger import Sums
from loadtest.faults.scenarios import Scenario
from loadtest.faults.scene import COLD, NEW, STREAMS, WHOLE, YOUNG, Scene

GROUPS = (STREAMS, WHOLE, YOUNG, NEW, COLD)
#: Of these every `503` must say when to come back.
RETRIED = "503"


@dataclass
class Result:
    """`seen`: by group, how many saw what. Times are in seconds, amounts in tokens. `faults`: one sentence for each broken promise."""

    title: str
    date: str
    seen: dict[str, dict[str, int]]
    served_again: float
    slowest_new: float
    longest_gap: float
    delivered: int
    charged: int
    freed: float | None
    told: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def judge(scenario: Scenario, scene: Scene, sums: Sums) -> Result:
    asked = scene.clients.asked
    return Result(
        title=scenario.title,
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        seen={group: dict(Counter(one.outcome for one in _group(scene, group))) for group in GROUPS},
        served_again=round(scene.served_again, 1),
        slowest_new=round(scene.slowest_new, 1),
        longest_gap=round(max((one.gap for one in scene.of(STREAMS)), default=0.0), 1),
        delivered=sum(one.least_charge for one in asked),
        charged=sums.used,
        freed=None if sums.freed is None else round(sums.freed, 1),
        told=scene.told,
        faults=[*_unforeseen(scenario, asked), *_late(scenario, scene), *_ledger(asked, sums)],
    )


def _group(scene: Scene, group: str) -> list[Asked]:
    return scene.news if group == NEW else scene.of(group)


def _unforeseen(scenario: Scenario, asked: list[Asked]) -> Iterator[str]:
    for one in asked:
        if one.outcome in NEVER or one.outcome not in scenario.may[one.group]:
            yield f"{one.group}: {one.outcome} after {len(one.tokens)} tokens and {one.ended - one.began:.1f} s"
        if one.outcome.startswith(RETRIED) and not one.retry_after:
            yield f"{one.group}: {one.outcome} without Retry-After"


def _late(scenario: Scenario, scene: Scene) -> Iterator[str]:
    yield from scene.late
    if scene.served_again > scenario.bound:
        yield f"new requests were served again only after {scene.served_again:.1f} s"
    if scene.struck == 0 or not any(one.outcome == COMPLETE for one in scene.news):
        yield "no new request was answered"


def _ledger(asked: list[Asked], sums: Sums) -> Iterator[str]:
    yield from sums.audit
    least, most = sum(one.least_charge for one in asked), sum(one.largest_charge for one in asked)
    if not least <= sums.used <= most:
        yield f"{sums.used} tokens were charged; clients got {least} and may have used {most}"
    if sums.freed is None:
        yield "something was still held at the end"
