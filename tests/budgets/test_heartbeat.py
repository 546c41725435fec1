from __future__ import annotations

import pytest

from budgets import heartbeat
from budgets.errors import RequestEnded, StoreUnavailable
from budgets.ledger import Ledger
from budgets.requests import Charge
from budgets.store import connect
from tests.budgets.nodes import Node, running


async def test_one_round_reaches_every_request_and_stops_only_the_ended(node: Node) -> None:
    ledger = Ledger(node.redis)
    async with node.gateway() as accounting:
        holds = [await running(accounting, made=number) for number in range(8)]
        await ledger.settle(holds[3].granted, Charge(2, 0))
        await heartbeat.beat(ledger, holds)
        stopped = [hold for hold in holds if hold.stopped is not None]
        assert [(hold, hold.stopped) for hold in stopped] == [(holds[3], RequestEnded("settled"))]


async def test_a_round_without_redis_stops_nothing(node: Node) -> None:
    async with node.gateway() as accounting:
        holds = [await running(accounting) for _ in range(8)]
        with pytest.raises(StoreUnavailable):
            await heartbeat.beat(Ledger(connect(f"unix://{node.folder}/none")), holds)
        assert [hold.stopped for hold in holds] == [None] * 8
