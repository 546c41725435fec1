"""How a model stands, from everything that is known of it."""

from __future__ import annotations

import pytest

from deployments.standings import PLACING_SECONDS, Seen, after, standing_of, unforeseen
from router.boots import Boot
from router.lifecycle import Phase, Standing, State
from router.wishes import Wish

NOW = 1000.0
EXPECTED = {Phase.ALLOCATING: 1.0, Phase.LOADING: 8.0, Phase.WARMING: 2.0}
WISH = Wish("key-1", NOW - 0.5, NOW + 100)
HERE = frozenset({"r1"})


def boot(replica: str = "r1", phase: Phase = Phase.LOADING, **fields: object) -> Boot:
    begun = {one: NOW - 2.0 for one in list(Phase)[: list(Phase).index(phase) + 1]}
    begun[phase] = NOW - 1.0
    one = Boot("1", "nano", replica, "key-1", NOW - 2.0, phases=begun)
    for name, value in fields.items():
        setattr(one, name, value)
    return one


@pytest.mark.parametrize(
    ("seen", "state", "phase", "eta"),
    [
        (Seen(), State.COLD, None, None),
        (Seen(frozenset()), State.COLD, None, None),
        (Seen(counts={"RUNNING": 0}), State.COLD, None, None),
        (Seen(wish=WISH, expected=EXPECTED), State.STARTING, Phase.ALLOCATING, 10.5),
        (Seen(wish=WISH), State.STARTING, Phase.ALLOCATING, None),
        (Seen(counts={"STARTING": 1}, expected=EXPECTED), State.STARTING, Phase.ALLOCATING, 11.0),
        (Seen(frozenset(), [boot()], WISH, expected=EXPECTED), State.STARTING, Phase.LOADING, 9.0),
        (Seen(frozenset(), [boot(phase=Phase.WARMING)], expected=EXPECTED), State.STARTING, Phase.WARMING, 1.0),
        (Seen(HERE, [boot(ready=NOW)]), State.READY, None, None),
        (Seen(HERE, []), State.READY, None, None),
        (Seen(HERE, [boot()], expected=EXPECTED), State.STARTING, Phase.LOADING, 9.0),
        (Seen(None, [boot(ready=NOW)]), State.READY, None, None),
        (Seen(frozenset(), [boot(ready=NOW)]), State.COLD, None, None),
        (Seen(counts={"STOPPING": 1}), State.DRAINING, None, None),
        (Seen(counts={"STOPPING": 1}, wish=WISH), State.STARTING, Phase.ALLOCATING, None),
    ],
)
def test_it_is_what_boots_wishes_and_replicas_say(seen: Seen, state: State, phase: Phase | None, eta: float | None) -> None:
    standing = standing_of(seen, NOW)
    assert (standing.state, standing.phase) == (state, phase)
    assert standing.eta_seconds == (None if eta is None else pytest.approx(eta))


def test_a_replica_whose_engine_boots_again_does_not_count() -> None:
    seen = Seen(frozenset({"r1", "r2"}), [boot("r1"), boot("r2", ready=NOW)])
    standing = standing_of(seen, NOW)
    assert (standing.state, standing.running, standing.wanted) == (State.READY, 1, 2)


@pytest.mark.parametrize(("next_try", "retry"), [(NOW + 8, 8.0), (NOW - 8, 1.0), (None, 5.0)])
def test_a_boot_that_failed_is_failed_until_one_succeeds(next_try: float | None, retry: float) -> None:
    failed = boot(failures=2, next_try=next_try, reason="no weights")
    standing = standing_of(Seen(frozenset(), [failed], WISH), NOW)
    assert (standing.state, standing.retry_after_seconds, standing.reason) == (State.FAILED, retry, "no weights")
    assert standing_of(Seen(HERE, [boot(ready=NOW)]), NOW).state == State.READY


def test_a_model_that_finds_no_place_says_why_and_promises_no_time() -> None:
    wish = Wish("key-1", NOW - PLACING_SECONDS - 2, NOW + 100)
    standing = standing_of(Seen(wish=wish, expected=EXPECTED, message="no node has 8 GPUs"), NOW)
    assert (standing.state, standing.eta_seconds, standing.reason) == (State.STARTING, None, "no node has taken it yet: no node has 8 GPUs")


def test_the_share_of_the_weights_is_told() -> None:
    standing = standing_of(Seen(frozenset(), [boot(done=5, total=20)]), NOW)
    assert (standing.done, standing.total) == (5, 20)


def test_a_state_that_lasts_keeps_when_it_began() -> None:
    before = Standing(State.STARTING, 5.0, Phase.ALLOCATING)
    assert after(before, Standing(State.STARTING, 9.0, Phase.LOADING)) == Standing(State.STARTING, 5.0, Phase.LOADING)
    assert after(before, Standing(State.READY, 9.0)).since == 9.0
    assert after(None, before) == before


def test_steps_outside_the_table_are_noticed() -> None:
    assert unforeseen(Standing(State.COLD, 0.0), Standing(State.DRAINING, 1.0))
    assert not unforeseen(Standing(State.COLD, 0.0), Standing(State.STARTING, 1.0))
    assert not unforeseen(None, Standing(State.DRAINING, 1.0))
