"""What a soak calls a broken promise, and how it goes on; that it runs is tried by `python -m loadtest.soak --short`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from loadtest.faults.ledger import Sums
from loadtest.soak.__main__ import section
from loadtest.soak.load import Answer, answers, fitting
from loadtest.soak.part import FAULTS, Part, judge, leaks
from loadtest.soak.runs import Soak

STRUCK = (1000.0, 1010.0)


def answer(asked: float, error: str | None = None, least: int = 10, most: int = 10) -> Answer:
    return Answer(asked, 2.0, 10, error, least, most)


def faults(found: list[Answer], charged: int, freed: float | None = 0.0, audit: list[str] | None = None) -> list[str]:
    part = Part(0, "a fault")
    judge(part, found, STRUCK, Sums(charged, freed, audit or []), 0)
    return part.faults


def test_whole_answers_that_are_charged_are_no_fault() -> None:
    assert faults([answer(900), answer(1100)], 20) == []


@pytest.mark.parametrize(("asked", "broken"), [(990, True), (996, False), (1005, False), (1099, False), (1101, True)])
def test_an_answer_may_fail_only_around_the_fault(asked: float, broken: bool) -> None:
    assert bool(faults([answer(asked, "cut: no [DONE]", 0, 10)], 5)) == broken


def test_missing_tokens_that_nothing_told_of_are_no_faults_doing() -> None:
    assert faults([answer(1005, "short: 3 of 4 tokens")], 10) == ["short: 3 of 4 tokens, +5 s from the fault"]


def test_charges_lie_between_what_came_and_what_was_asked_for() -> None:
    found = [answer(900), answer(1005, "cut: no [DONE]", 4, 10)]
    assert faults(found, 14) == faults(found, 20) == []
    assert faults(found, 13) == ["1 tokens were delivered and not charged"]
    assert faults(found, 21) == ["1 tokens were charged and not asked for"]


def test_a_ledger_that_does_not_add_up_a_hold_that_stays_and_silence_are_found() -> None:
    assert faults([answer(900)], 10, None, ["it does not add up"]) == ["it does not add up", "something was still held at the end"]
    assert faults([], 0) == ["nothing was answered"]


def test_a_process_that_grows_for_four_parts_is_a_leak_and_a_new_one_is_not() -> None:
    parts = [Part(number, "a fault", memory={"gateway 1": 100.0 + 20 * number, "gateway 2": 200.0}) for number in range(4)]
    parts[0].memory["gateway 3"] = 50.0
    parts[1].memory["gateway 3"] = 500.0
    assert list(leaks(parts, 1.3)) == ["process 1 grew from 120.0 to 160.0 MiB"]


def test_the_load_is_seventy_percent_of_the_most_that_came() -> None:
    assert fitting((4, 8, 16), [40.0, 80.0, 100.0], 0.7) == 7
    assert fitting((4, 8), [100.0, 90.0], 0.7) == 4


def test_a_soak_goes_on_behind_its_last_whole_part(tmp_path: Path) -> None:
    soak = Soak(tmp_path, 2.0)
    (tmp_path / "parts.jsonl").write_text(json.dumps(asdict(Part(0, "Redis killed", 5, delivered=9, charged=9))) + '\n{"numb')
    assert soak.count == 24
    assert [part.number for part in soak.parts] == [0]
    assert (soak.summary()["shortened"], soak.summary()["charged"], soak.summary()["faults"]) == (False, 9, [])
    assert Soak(tmp_path, 1.0).summary()["shortened"]


def test_a_soak_that_runs_says_so(tmp_path: Path) -> None:
    soak = Soak(tmp_path / "new", 2.0)
    assert not soak.busy
    with soak._alone():
        assert soak.busy


def test_answers_are_read_as_the_users_write_them(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(json.dumps({**asdict(answer(1.0)), "row": "loom", "users": 3, "first": None}) + "\n")
    assert answers(tmp_path / "log") == [answer(1.0)]
    assert answers(tmp_path / "none") == []


def test_the_section_has_a_row_for_each_fault() -> None:
    parts = [Part(number, name, 10, {"cut": 1}, 100, 100, 0.5) for number, name in enumerate((*FAULTS, *FAULTS))]
    text = section({"machine": "a machine", "users": 7, "steps": {"4": 40.0}, "faults": []}, parts)
    assert "| Redis killed | 2 | 20 | 2 | 200 | 200 | 0.5 | 0 |" in text
    assert "No promise was broken" in text
