"""Endings that are told late, twice, or not at all."""

from __future__ import annotations

import dataclasses
import json
import time

import pytest

from budgets import delivery, redis_keys
from budgets.accounting import Accounting
from budgets.ending import Ending
from budgets.flight import FlightRecorder
from budgets.ledger import Ledger
from budgets.requests import Charge, Granted
from budgets.spool import Spool
from tests.budgets.ledgers import ACCOUNT
from tests.budgets.nodes import Node, eventually, running, wish


async def left(node: Node, *endings: Ending) -> None:
    """By a dead process, in its spool."""
    recorder = FlightRecorder(node.folder)
    spool = Spool(recorder.path.with_suffix(".spool"))
    await spool.append(endings)
    spool.close(remove=False)
    recorder.close(remove=False)


async def granted(node: Node) -> Granted:
    answer = await Ledger(node.redis).admit(wish())
    assert isinstance(answer, Granted)
    return answer


async def test_what_is_too_old_to_be_told_goes_to_a_human(node: Node) -> None:
    grant, age = await granted(node), delivery.OLDEST_SECONDS
    old = Ending(grant.reservation, grant.day, Charge(2, 3), time.time() - age - 1)
    fresh = dataclasses.replace(old, reservation=wish(), at=time.time() - age + 60)
    await left(node, old, fresh)
    async with node.gateway():
        await eventually(lambda: node.balance_is(5, 10))
    letters = (node.folder / "dead-letters.jsonl").read_text().splitlines()
    assert [json.loads(letter)["reservation"]["request_id"] for letter in letters] == [old.request_id]
    assert not list(node.folder.glob("*.spool"))


async def test_what_contradicts_the_ledger_goes_to_a_human_and_holds_up_no_other(node: Node) -> None:
    grant, other = await granted(node), await granted(node)
    wrong = Ending(dataclasses.replace(grant.reservation, hold=11), grant.day, Charge(2, 3), time.time())
    await left(node, wrong, Ending(other.reservation, other.day, Charge(2, 4), time.time()))
    async with node.gateway():
        await eventually(lambda: node.balance_is(6, 10))
    assert wrong.request_id in (node.folder / "dead-letters.jsonl").read_text()


async def test_an_ending_that_redis_refuses_waits_and_holds_up_no_other(node: Node) -> None:
    broken, other = await granted(node), await granted(node)
    record = redis_keys.request(ACCOUNT, broken.reservation.request_id)
    await node.redis.delete(record)
    await node.redis.set(record, "no hash")
    await left(node, *(Ending(one.reservation, one.day, Charge(2, 4), time.time()) for one in (broken, other)))
    async with node.gateway() as accounting:
        await eventually(lambda: node.balance_is(6, 10))
        assert accounting.closed is None
        await node.redis.delete(record)
        await eventually(lambda: node.balance_is(12, 10))


async def test_what_was_told_long_ago_is_not_remembered(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async with node.gateway() as accounting:
        await (await running(accounting)).settle(Charge(2, 0))
        assert remembered(accounting) == 1
        monkeypatch.setattr(delivery, "RETAINED_SECONDS", 0.0)
        await (await running(accounting)).settle(Charge(2, 0))
        assert remembered(accounting) == 0


def remembered(accounting: Accounting) -> int:
    return len(accounting._delivery._told)
