"""Whatever is called in whatever order: the ledger in Redis answers and stores what the plain-Python one does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from budgets import redis_keys
from budgets.errors import BudgetExceeded, BudgetReserved, KeyRefused, KeyRevoked, QueueFull, RequestEnded
from budgets.requests import Charge, Granted, Limits, Reservation
from budgets.store import connect, fields, texts
from tests.budgets.ledger_model import Answer, Model
from tests.budgets.ledgers import ACCOUNT, KEY, OTHER, TIMERS, Bench
from tests.conftest import PATIENCE_SECONDS

LIMITS = Limits(places=1, queue=3)
DAY = 86_400_000
KEYS = st.sampled_from([KEY, KEY, OTHER])
PICK = st.integers(0, 10**6)


class LedgerMachine(RuleBasedStateMachine):
    redis_url = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.model, self.numbers = asyncio.Runner(), Model(LIMITS), count()
        self.redis = connect(self.redis_url, PATIENCE_SECONDS)
        self.bench = Bench(self.redis, LIMITS)
        self.wishes: list[Reservation] = []
        self.grants: dict[str, Granted] = {}

    @initialize()
    def an_account_with_two_keys(self) -> None:
        self.run(self.redis.flushdb())
        self.run(self.bench.begin(cap=100, key_cap=60))

    @rule(key=KEYS, hold=st.integers(1, 40), data=st.data())
    def a_request_arrives(self, key: str, hold: int, data: st.DataObject) -> None:
        prompt = data.draw(st.integers(0, hold))
        self.wishes.append(Reservation(f"r{next(self.numbers)}", ACCOUNT, key, "pico", prompt, hold))
        self.admit(self.wishes[-1])

    @precondition(lambda self: self.wishes)
    @rule(pick=PICK)
    def a_request_asks_again(self, pick: int) -> None:
        self.admit(self.wishes[pick % len(self.wishes)])

    @precondition(lambda self: self.waiters())
    @rule(pick=PICK, ms=st.sampled_from([0, 1000, TIMERS.waiter]))
    def a_waiter_asks_again(self, pick: int, ms: int) -> None:
        self.time_passes(ms)
        waiters = self.waiters()
        self.admit(waiters[pick % len(waiters)])

    @precondition(lambda self: self.grants)
    @rule(pick=PICK, done=st.integers(0, 40))
    def a_request_goes_on(self, pick: int, done: int) -> None:
        grant = self.granted(pick)
        expected = self.model.extend(grant.reservation.request_id, done)
        assert self.answer(self.bench.ledger.extend(grant, done)) == expected

    @precondition(lambda self: self.grants)
    @rule(pick=PICK, data=st.data())
    def a_request_ends(self, pick: int, data: st.DataObject) -> None:
        grant = self.granted(pick)
        prompt = data.draw(st.integers(0, grant.reservation.hold))
        charge = Charge(prompt, data.draw(st.integers(0, grant.reservation.hold - prompt)), data.draw(st.booleans()))
        settled = self.run(self.bench.ledger.settle(grant, charge))
        assert (settled.outcome.value, settled.change) == self.model.settle(grant.reservation.request_id, charge)

    @precondition(lambda self: self.wishes)
    @rule(pick=PICK)
    def a_request_is_given_up(self, pick: int) -> None:
        wish = self.wishes[pick % len(self.wishes)]
        expected = self.model.abandon(wish)
        assert (self.run(self.bench.ledger.abandon(wish)).value,) == expected

    @rule()
    def somebody_reaps(self) -> None:
        reaped = self.run(self.bench.ledger.reap(ACCOUNT))
        assert (reaped.orphaned, reaped.expired) == self.model.reap()

    @rule(ms=st.sampled_from([1, TIMERS.lease - 1, TIMERS.lease, TIMERS.grace, DAY, 9 * DAY]))
    def time_passes(self, ms: int) -> None:
        self.model.now += ms
        self.run(self.bench.pass_ms(ms))

    @rule(tokens=st.integers(0, 100))
    def the_accounts_cap_changes(self, tokens: int) -> None:
        self.model.caps["account"] = tokens
        self.run(self.bench.caps.set_account(ACCOUNT, tokens))

    @rule(key=KEYS, state=st.sampled_from(["active", "active", "active", "paused"]))
    def a_key_is_paused_or_resumed(self, key: str, state: str) -> None:
        self.model.states[key] = "revoked" if self.model.states[key] == "revoked" else state
        self.attempt(self.bench.keys.pause(ACCOUNT, key) if state == "paused" else self.bench.keys.resume(ACCOUNT, key))

    @precondition(lambda self: len(self.wishes) > 8)
    @rule()
    def a_key_is_revoked(self) -> None:
        self.model.states[OTHER] = "revoked"
        self.run(self.bench.keys.revoke(ACCOUNT, OTHER))

    @rule(state=st.sampled_from(["active", "active", "active", "disabled"]))
    def the_account_is_disabled_or_enabled(self, state: str) -> None:
        self.model.states["account"] = state
        self.run(self.redis.hset(redis_keys.account(ACCOUNT), "state", state))

    @invariant()
    def what_is_used_and_held_is_the_models(self) -> None:
        stored = fields(self.run(self.redis.hgetall(redis_keys.budget(ACCOUNT))))
        assert {name: int(value) for name, value in stored.items() if value != "0"} == self.model.budget()

    @invariant()
    def the_line_is_in_the_models_order(self) -> None:
        for key, queue in self.model.queues.items():
            assert texts(self.run(self.redis.zrange(redis_keys.queue(ACCOUNT, key), 0, -1))) == list(queue)

    @invariant()
    def the_leases_are_the_models(self) -> None:
        for key, places in self.model.places.items():
            assert self.scores(redis_keys.slots(ACCOUNT, key)) == places
            assert self.scores(redis_keys.waiting(ACCOUNT, key)) == self.model.queues[key]

    @invariant()
    def what_is_known_of_each_request_is_the_models(self) -> None:
        pipeline = self.redis.pipeline(transaction=False)
        for request_id in self.model.known:
            pipeline.hmget(redis_keys.request(ACCOUNT, request_id), ["state", "done"])
        stored = [[state, int(done or 0)] for state, done in self.run(pipeline.execute())]
        assert stored == [[known.state.value, known.done] for known in self.model.known.values()]

    @invariant()
    def it_adds_up(self) -> None:
        assert [fault for fault in self.run(self.bench.audit()) if "should have been reaped" not in fault] == []

    def teardown(self) -> None:
        self.run(self.redis.aclose())
        self.runner.close()

    def admit(self, wish: Reservation) -> None:
        expected = self.model.admit(wish)
        assert self.answer(self.bench.ledger.admit(wish)) == expected

    def answer(self, call: Coroutine[Any, Any, Any]) -> Answer:
        try:
            return self.said(self.run(call))
        except (BudgetExceeded, BudgetReserved) as refusal:
            return (type(refusal).__name__, refusal.scope)
        except QueueFull:
            return ("QueueFull",)
        except KeyRefused as refusal:
            return ("KeyRefused", refusal.state)
        except RequestEnded as ended:
            return ("ENDED", ended.state)

    def attempt(self, change: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(KeyRevoked):
            self.run(change)

    def said(self, reply: Any) -> Answer:
        if isinstance(reply, Granted):
            self.grants[reply.reservation.request_id] = reply
            return ("GRANTED", reply.day)
        return (reply.value,) if hasattr(reply, "value") else ("QUEUED", reply.ahead)

    def waiters(self) -> list[Reservation]:
        return [wish for wish in self.wishes if wish.request_id in self.model.queues[wish.key_id]]

    def granted(self, pick: int) -> Granted:
        return list(self.grants.values())[pick % len(self.grants)]

    def scores(self, name: str) -> dict[str, float]:
        return dict(self.run(self.redis.zrange(name, 0, -1, withscores=True)))

    def run(self, call: Any) -> Any:
        async def called() -> Any:
            return await call

        return self.runner.run(called())


def test_the_ledger_is_its_model_whatever_happens(redis_url: str) -> None:
    class Machine(LedgerMachine):
        pass

    Machine.redis_url = redis_url
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            deadline=None,
            derandomize=False,
            print_blob=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
