from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from budgets import spool
from budgets.ending import Ending
from budgets.requests import Charge, Reservation
from budgets.spool import Spool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "one.spool"


def ending(number: int) -> Ending:
    wanted = Reservation(f"r{number}", "account", "key", "m\u00f6del\u2028", 2, 10, "batch")
    return Ending(wanted, "2026-11-22", Charge(2, number, failed=True) if number % 2 else None, 1795344088.25)


def size(path: Path) -> int:
    return path.stat().st_size


def data_of(path: Path) -> bytes:
    return path.read_bytes()


def read_from(path: Path, data: bytes) -> list[Ending]:
    path.write_bytes(data)
    return spool.read(path)


async def test_what_was_kept_is_read_back_in_order(path: Path) -> None:
    await Spool(path).append([ending(number) for number in range(5)])
    assert spool.read(path) == [ending(number) for number in range(5)]


async def test_what_was_told_is_not_read_back(path: Path) -> None:
    one = Spool(path)
    await one.append([ending(1), ending(2)])
    one.acknowledge("r1")
    await one.append([ending(3)])
    assert spool.read(path) == [ending(2), ending(3)]
    assert list(one.pending) == ["r2", "r3"]


async def test_it_is_empty_once_all_is_told(path: Path) -> None:
    one = Spool(path)
    await one.append([ending(1), ending(2)])
    one.acknowledge("r1")
    one.acknowledge("r2")
    await one.flush()
    assert size(path) == 0
    await one.append([ending(3)])
    assert spool.read(path) == [ending(3)]


async def test_a_tail_torn_anywhere_loses_only_what_was_promised_to_nobody(path: Path) -> None:
    one = Spool(path)
    await one.append([ending(1)])
    whole = size(path)
    await one.append([ending(2)])
    data = data_of(path)
    assert all(read_from(path, data[:torn]) == [ending(1)] for torn in range(whole, len(data) - 1))


async def test_a_line_that_the_disk_spoilt_takes_no_other_with_it(path: Path) -> None:
    await Spool(path).append([ending(1), ending(2), ending(3)])
    data = data_of(path)
    middle = len(data) // 2
    spoilt = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    assert read_from(path, spoilt) == [ending(1), ending(3)]


async def test_writers_that_come_together_share_the_wait_for_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, fsync = [], os.fsync

    def counted(file: int) -> None:
        synced.append(file)
        fsync(file)

    monkeypatch.setattr(os, "fsync", counted)
    one = Spool(path)
    await asyncio.gather(*(one.append([ending(number)]) for number in range(100)))
    assert len(spool.read(path)) == 100
    assert len(synced) <= 3


async def test_what_a_full_disk_does_not_take_is_kept_in_mind_and_written_later(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Spool(path)
    await one.append([ending(1)])
    fill_the_disk(monkeypatch)
    with pytest.raises(OSError, match="No space"):
        await one.append([ending(2)])
    assert not one.writable
    assert list(one.pending) == ["r1", "r2"]
    assert spool.read(path) == [ending(1)]
    monkeypatch.undo()
    await one.flush()
    assert one.writable
    assert spool.read(path) == [ending(1), ending(2)]


async def test_it_is_writable_again_only_when_the_disk_takes_a_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Spool(path)
    fill_the_disk(monkeypatch)
    with pytest.raises(OSError, match="No space"):
        await one.append([ending(1)])
    one.acknowledge("r1")
    with pytest.raises(OSError, match="No space"):
        await one.flush()
    assert not one.writable
    monkeypatch.undo()
    await one.flush()
    assert one.writable
    assert size(path) == 0


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what is written still fits."""
    write = os.write

    def half(file: int, data: bytes) -> int:
        write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
