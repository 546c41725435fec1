from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from budgets import flight
from budgets.ending import Ending
from budgets.flight import FlightRecorder
from budgets.requests import Charge, Reservation

LONGEST = Reservation("r" * 64, "a" * 32, "k" * 32, "m" * 128, 2, 10**15, "interactive")


def recorded(recorder: FlightRecorder) -> list[Ending]:
    return list(flight.endings(recorder.path.read_bytes()))


def charges(recorder: FlightRecorder) -> list[Charge | None]:
    return [ending.charge for ending in recorded(recorder)]


@pytest.fixture
def recorder(tmp_path: Path) -> FlightRecorder:
    return FlightRecorder(tmp_path)


def wanted(number: int = 0) -> Reservation:
    return Reservation(f"r{number}", "account", "key", "pico", 2, 10)


def test_a_row_says_how_its_request_ends_at_every_moment(recorder: FlightRecorder) -> None:
    row = recorder.open(LONGEST)
    told = charges(recorder)
    row.granted("2026-11-22")
    told += charges(recorder)
    row.started()
    told += charges(recorder)
    row.count(3)
    told += charges(recorder)
    row.count(4)
    told += charges(recorder)
    row.end(Charge(2, 6))
    told += charges(recorder)
    assert told == [None, None, Charge(2, 0, True), Charge(2, 3, True), Charge(2, 7, True), Charge(2, 6)]
    ending = recorded(recorder)[0]
    assert (ending.reservation, ending.day) == (LONGEST, "2026-11-22")
    assert abs(ending.at - time.time()) < 60
    row.clear()
    assert recorded(recorder) == []


def test_a_request_that_its_engine_refused_is_given_up(recorder: FlightRecorder) -> None:
    row = recorder.open(wanted())
    row.granted("2026-11-22")
    row.started()
    row.end(None)
    assert recorded(recorder)[0].charge is None


def test_ten_thousand_that_wait_fit(recorder: FlightRecorder) -> None:
    rows = [recorder.open(wanted(number)) for number in range(10_000)]
    assert {ending.request_id for ending in recorded(recorder)} == {f"r{number}" for number in range(10_000)}
    for row in rows[1:]:
        row.clear()
    rows[0].granted("2026-11-22")
    rows[0].started()
    rows[0].count(5)
    assert [ending.charge for ending in recorded(recorder)] == [Charge(2, 5, True)]
    assert recorder.in_use == 1


def test_a_row_that_was_cleared_remembers_nothing_of_its_request(recorder: FlightRecorder) -> None:
    first = recorder.open(LONGEST)
    first.granted("2026-11-22")
    first.started()
    first.count(99)
    first.clear()
    recorder.open(wanted())
    assert recorded(recorder)[0] == Ending(wanted(), "", None, recorded(recorder)[0].at)


def test_a_name_that_does_not_fit_is_no_row(recorder: FlightRecorder) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        recorder.open(Reservation("r" * 65, "a", "k", "m", 1, 1))
    assert recorder.in_use == 0


def test_what_is_no_flight_file_of_this_version_is_said_to_be_none(recorder: FlightRecorder) -> None:
    other = bytearray(recorder.path.read_bytes())
    other[8] += 1
    for data in (b"", b"short", bytes(other)):
        with pytest.raises(ValueError, match="version 1"):
            list(flight.endings(data))


def test_a_full_disk_opens_no_row_and_keeps_those_there_are(recorder: FlightRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    rows = [recorder.open(wanted(number)) for number in range(flight.FIRST_ROWS)]
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space"):
        recorder.open(wanted(-1))
    assert len(recorded(recorder)) == flight.FIRST_ROWS
    rows[0].clear()
    recorder.open(wanted(-1))
