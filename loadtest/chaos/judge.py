"""Says of a round's history what was lost, doubled or over a cap, and what else broke a promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from loadtest.chaos.history import BROKEN, FINISHED, HUNG, LEFT, UNANSWERED, UNREACHED, Asked, Fault, Seen

#: Within which a new request is refused while Redis is away.
REFUSAL_SECONDS = 2.0
#: Within which both gateways admit again.
RECOVERY_SECONDS = 15.0
#: The key of requests that never wait in line, so that their time is that of admission.
PROBE = "probe"
EXPECTED = (FINISHED, LEFT, UNREACHED, "budget_exceeded", "budget_reserved", "accounting_unavailable")


@dataclass
class Verdict:
    """In tokens, apart from `requests`, `refused` and the two times. `faults`: one sentence for each broken promise."""

    requests: int
    refused: int
    delivered: int
    charged: int
    lost: int
    doubled: int
    over: int
    recovery: float
    slowest_refusal: float
    faults: list[str] = field(default_factory=list)


def judge(asked: list[Asked], seen: Seen, fault: Fault) -> Verdict:
    lost, doubled = _lost(asked, seen), _doubled(asked, seen)
    refusals = [one.seconds for one in asked if one.key == PROBE and one.status == 503]
    faults = [*_wrong_sums(lost, doubled, seen), *_slow(seen, fault), *seen.disagreements]
    faults += [*_wrong_answers(asked, fault), *_wrong_counts(asked, seen)]
    return Verdict(
        requests=len(asked),
        refused=sum(one.status == 503 for one in asked),
        delivered=sum(one.least_charge for one in asked),
        charged=sum(counts.used for counts in seen.charged.values()),
        lost=lost,
        doubled=doubled,
        over=seen.over,
        recovery=fault.recovery,
        slowest_refusal=max(refusals, default=0.0),
        faults=faults,
    )


def _of(asked: list[Asked], key: str) -> list[Asked]:
    return [one for one in asked if one.key == key]


def _lost(asked: list[Asked], seen: Seen) -> int:
    """Delivered and not charged; and where every engine is alive to tell what it made, made and not charged."""
    by_key = sum(max(0, sum(one.least_charge for one in _of(asked, key)) - counts.used) for key, counts in seen.charged.items())
    unpaid = 0 if seen.spare else seen.made - sum(counts.completion for counts in seen.charged.values())
    return max(by_key, unpaid)


def _doubled(asked: list[Asked], seen: Seen) -> int:
    """Charged, and neither delivered nor made."""
    by_key = sum(max(0, counts.used - sum(one.largest_charge for one in _of(asked, key))) for key, counts in seen.charged.items())
    return max(by_key, sum(counts.completion for counts in seen.charged.values()) - seen.made - seen.spare)


def _wrong_sums(lost: int, doubled: int, seen: Seen) -> Iterator[str]:
    found = {"tokens were lost": lost, "tokens were charged and never made": doubled, "tokens were used or held above a cap": seen.over}
    yield from (f"{tokens} {what}" for what, tokens in found.items() if tokens)


def _slow(seen: Seen, fault: Fault) -> Iterator[str]:
    if fault.recovery > RECOVERY_SECONDS:
        yield f"requests were admitted again after {fault.recovery:.1f} s"
    if seen.freed is None:
        yield "something was still held at the end"


def _wrong_answers(asked: list[Asked], fault: Fault) -> Iterator[str]:
    for one in asked:
        if one.outcome == HUNG:
            yield f"a request hung for {one.seconds:.1f} s: {one}"
        elif one.outcome not in EXPECTED and not (one.outcome == BROKEN and one.gateway == fault.killed):
            yield f"a request ended as it should not: {one}"
        elif one.key == PROBE and one.status == 503 and one.seconds > REFUSAL_SECONDS:
            yield f"a refusal took {one.seconds:.2f} s"
        elif one.outcome == FINISHED and one.usage is not None and one.kind == "stream" and one.seen != one.usage[1]:
            yield f"usage tells {one.usage[1]} tokens and {one.seen} came"


def _wrong_counts(asked: list[Asked], seen: Seen) -> Iterator[str]:
    """Each request is counted once."""
    for key, counts in seen.charged.items():
        of_key = _of(asked, key)
        least = sum(one.usage is not None or one.seen > 0 for one in of_key)
        most = sum(one.usage is not None or one.seen > 0 or one.outcome in UNANSWERED for one in of_key)
        if not least <= counts.requests <= most:
            yield f"key {key} has {counts.requests} requests of {least} to {most}"
