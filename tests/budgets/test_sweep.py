from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from budgets.flight import FlightRecorder
from budgets.requests import Charge, Reservation
from budgets.spool import Spool
from budgets.sweep import sweep
from tests.budgets.test_spool import ending, fill_the_disk


async def left_by_a_dead_process(folder: Path, requests: int = 3) -> None:
    """Each of them in an engine with one token made; the last has its ending in the spool too."""
    recorder = FlightRecorder(folder)
    for number in range(requests):
        row = recorder.open(Reservation(f"r{number}", "account", "key", "pico", 2, 10))
        row.granted("2026-11-22")
        row.started()
        row.count(1)
    one = Spool(recorder.path.with_suffix(".spool"))
    await one.append([ending(requests - 1)])
    one.close(remove=False)
    recorder.close(remove=False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def ours(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "ours.spool")


async def test_what_a_dead_process_left_becomes_ours(tmp_path: Path, ours: Spool) -> None:
    await left_by_a_dead_process(tmp_path)
    assert await sweep(tmp_path, ours) == 3
    made = Charge(2, 1, failed=True)
    assert [one.charge for one in ours.pending.values()] == [made, made, ending(2).charge]
    assert names(tmp_path) == ["ours.spool"]


async def test_a_living_process_keeps_its_own(tmp_path: Path, ours: Spool) -> None:
    recorder = FlightRecorder(tmp_path)
    recorder.open(Reservation("r", "account", "key", "pico", 2, 10))
    assert await sweep(tmp_path, ours) == 0
    recorder.close(remove=False)
    assert await sweep(tmp_path, ours) == 1


async def test_of_two_sweeps_at_once_one_takes_each_file(tmp_path: Path, ours: Spool) -> None:
    for _ in range(5):
        await left_by_a_dead_process(tmp_path)
    other = Spool(tmp_path / "other.spool")
    taken = await asyncio.gather(sweep(tmp_path, ours), sweep(tmp_path, other))
    assert sum(taken) == 15


async def test_nothing_is_removed_that_the_disk_did_not_take(tmp_path: Path, ours: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    await left_by_a_dead_process(tmp_path)
    fill_the_disk(monkeypatch)
    with pytest.raises(OSError, match="No space"):
        await sweep(tmp_path, ours)
    monkeypatch.undo()
    assert len(names(tmp_path)) == 3
    assert await sweep(tmp_path, ours) == 3


async def test_a_file_that_nobody_can_read_stays_for_a_human(tmp_path: Path, ours: Spool) -> None:
    strange = tmp_path / "1-2.flight"
    strange.write_bytes(b"of a later version")
    assert await sweep(tmp_path, ours) == 0
    assert strange.exists()
