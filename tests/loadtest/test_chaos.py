"""A short `make chaos`, and what its judge finds."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from budgets.store import connect
from loadtest.chaos import runs, table
from loadtest.chaos.history import BROKEN, FINISHED, HUNG, LEFT, Asked, Counts, Fault, Seen
from loadtest.chaos.judge import PROBE, judge
from loadtest.chaos.rounds import play
from loadtest.chaos.world import world


async def test_killed_gateways_and_redis_charge_what_was_made() -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    async with world() as one, connect(one.server.url) as redis:
        for number, scenario in enumerate(("gateway killed", "Redis killed")):
            _, asked, seen, fault = await play(one, redis, scenario, number, f"{seed}-{number}")
            verdict = judge(asked, seen, fault)
            assert verdict.faults == []
            assert verdict.delivered > 0
            assert seen.samples > 0


def finished(prompt: int = 3, completion: int = 10) -> Asked:
    return Asked("wide", 0, "stream", prompt, 10, 0.0, 0.1, FINISHED, 200, completion, (prompt, completion))


def unfinished(outcome: str, seen: int) -> Asked:
    return Asked("wide", 0, "stream", 3, 10, 0.0, 0.1, outcome, 200, seen)


def charged(prompt: int, completion: int, requests: int) -> dict[str, Counts]:
    return {"wide": Counts(prompt + completion, requests, prompt, completion)}


def faults(asked: list[Asked], seen: Seen, fault: Fault | None = None) -> list[str]:
    return judge(asked, seen, fault or Fault()).faults


def test_what_was_charged_as_delivered_is_no_fault() -> None:
    asked = [finished(), unfinished(LEFT, 4), unfinished(LEFT, 0)]
    assert faults(asked, Seen(charged(6, 15, 2), made=15, freed=0.0)) == []
    assert faults(asked, Seen(charged(9, 14, 3), made=14, freed=0.0)) == []


def test_a_token_that_was_delivered_for_nothing_is_lost() -> None:
    assert faults([finished()], Seen(charged(3, 9, 1), made=9, freed=0.0)) == ["1 tokens were lost"]


def test_a_token_that_was_made_for_nothing_is_lost() -> None:
    assert faults([unfinished(LEFT, 4)], Seen(charged(3, 4, 1), made=5, freed=0.0)) == ["1 tokens were lost"]


def test_what_a_killed_gateway_may_have_made_is_not_doubled_and_more_is() -> None:
    asked = [unfinished(BROKEN, 4)]
    assert faults(asked, Seen(charged(3, 8, 1), made=4, spare=4, freed=0.0), Fault(killed=0)) == []
    found = faults(asked, Seen(charged(3, 9, 1), made=4, spare=4, freed=0.0), Fault(killed=0))
    assert found == ["1 tokens were charged and never made"]


def test_a_request_that_is_charged_twice_is_found_by_its_tokens_and_by_its_number() -> None:
    found = faults([finished()], Seen(charged(6, 20, 2), made=10, freed=0.0))
    assert found == ["13 tokens were charged and never made", "key wide has 2 requests of 1 to 1"]


def test_broken_promises_that_are_no_sums_are_found() -> None:
    late = Asked(PROBE, 0, "whole", 3, 1, 0.0, 2.5, "accounting_unavailable", 503)
    for asked in (unfinished(HUNG, 0), unfinished(BROKEN, 0), unfinished("internal_error", 0), late):
        assert len(faults([asked], Seen(freed=0.0))) == 1
    assert faults([], Seen(over=2, freed=None)) == ["2 tokens were used or held above a cap", "something was still held at the end"]
    assert len(faults([], Seen(freed=0.0), Fault(recovery=16))) == 1


def test_a_run_goes_on_behind_its_last_whole_round_and_its_row_replaces_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[range] = []

    async def note(self: runs.Run, numbers: range, binary: str | None) -> None:
        played.append(numbers)

    monkeypatch.setattr(runs.Run, "_play", note)
    run = runs.Run.opened(tmp_path, "Redis frozen", "6.2.14", 3, 7)
    run._keep({"number": 0, "faults": [], **dict.fromkeys((*table.SUMS, "recovery", "slowest_refusal"), 0)})
    with run.path.open("a") as file:
        file.write('{"number": 1, "faul')
    asyncio.run(runs.Run.opened(tmp_path, "Redis frozen", "6.2.14", None, None).go_on(None))
    assert played == [range(1, 3)]
    page = tmp_path / "page.md"
    page.write_text("Text\n\n")
    for _ in range(2):
        table.write(page, [run])
    assert page.read_text().count("| 6.2.14 | Redis frozen | 1 of 30 (shortened) | 7 |") == 1
