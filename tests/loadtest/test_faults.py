"""What clients see when parts of a cluster of three Ray nodes are killed: quick versions of `python -m loadtest.faults`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from loadtest.faults.asked import COMPLETE, CUT, SHORT, WRONG, Asked, Expected
from loadtest.faults.judge import judge
from loadtest.faults.ledger import Ledger, Sums
from loadtest.faults.runs import run
from loadtest.faults.scenarios import SCENARIOS
from loadtest.faults.scene import NEW, QUICK, STREAMS, Scene
from loadtest.faults.table import table
from loadtest.faults.world import World, world

#: The others wait for a minute until Ray gives a silent node up, or repeat these with more gateways.
QUICK_ONES = ("controller", "gcs", "gateway", "proxy", "reload", "node")


@pytest.fixture(scope="module")
def cluster() -> Iterator[World]:
    with world() as one:
        yield one


@pytest.mark.stack
@pytest.mark.parametrize("name", QUICK_ONES)
def test_clients_see_of_a_fault_only_what_they_may(cluster: World, name: str) -> None:
    result = asyncio.run(run(cluster, SCENARIOS[name], QUICK))
    print(table([result]))
    assert result.faults == []


def asked(group: str = STREAMS, **fields: object) -> Asked:
    one = Asked(group, "pico", True, (1, 2, 3), 1, 4, began=1.0)
    for name, value in fields.items():
        setattr(one, name, value)
    return one


async def tokens() -> list[int]:
    one = asked()
    return await Expected().tokens(one)


async def test_missing_and_wrong_tokens_are_seen_in_what_looks_complete() -> None:
    right = await tokens()
    short, wrong, cut = (asked(outcome=outcome, tokens=ids) for outcome, ids in _looks(right))
    for one in (short, wrong, cut):
        await Expected().check(one)
    assert [one.outcome for one in (short, wrong, cut)] == [SHORT, WRONG, CUT]


def _looks(right: list[int]) -> list[tuple[str, list[int]]]:
    return [(COMPLETE, right[:3]), (COMPLETE, [*right[:3], right[3] + 1]), (CUT, right[:2])]


class Answers:
    """As far as a judge asks the clients."""

    def __init__(self, *asked: Asked) -> None:
        self.asked = list(asked)


def scene_of(*asked: Asked) -> Scene:
    unused: Ledger = None  # type: ignore[assignment]
    return Scene(None, Answers(*asked), QUICK, unused, struck=1.0)  # type: ignore[arg-type]


def news(outcome: str, began: float) -> Asked:
    return asked(NEW, outcome=outcome, began=began, ended=began + 0.5, usage=4 if outcome == COMPLETE else None)


def faults(scene: Scene, used: int, name: str = "controller") -> list[str]:
    return judge(SCENARIOS[name], scene, Sums(used, 0.0, [])).faults


def test_a_charge_that_no_client_caused_is_a_fault() -> None:
    scene = scene_of(news(COMPLETE, 2.0))
    assert faults(scene, used=4) == []
    assert faults(scene, used=5) == ["5 tokens were charged; clients got 4 and may have used 4"]


def test_the_time_without_service_ends_with_the_first_of_the_answers_that_no_failure_follows() -> None:
    scene = scene_of(news(CUT, 2.0), news(COMPLETE, 3.0), news(CUT, 4.0), news(COMPLETE, 6.0), news(COMPLETE, 5.0))
    assert scene.served_again == 4.5


def test_what_a_scenario_does_not_allow_is_a_fault() -> None:
    cut = asked(outcome=CUT, tokens=[1], ended=2.0)
    assert faults(scene_of(news(COMPLETE, 2.0), cut), used=8) == ["streams: connection cut after 1 tokens and 1.0 s"]
    assert faults(scene_of(news(COMPLETE, 2.0), cut), used=8, name="gateway") == []
