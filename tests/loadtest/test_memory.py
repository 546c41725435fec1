"""A gateway's memory under what may not grow it: short versions of `python -m loadtest.memory`, and how it goes on and what it writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loadtest import results
from loadtest.memory import __main__ as memory
from loadtest.memory.readers import readers
from loadtest.memory.scene import BATCH, Found
from loadtest.memory.scenes import idle, requests, waiting
from loadtest.memory.table import FULL


async def test_requests_that_are_over_leave_nothing_behind() -> None:
    found = await requests(4 * BATCH)
    assert found["second_half_over_first"] < 1.05


async def test_connections_that_say_nothing_cost_little_and_hold_nobody_up() -> None:
    found = await idle(300)
    assert found["kib_each"] < 64
    assert found["ratio"] < 1.2
    assert found["beside_ms"] < 2000


async def test_requests_in_line_cost_little_and_are_all_served() -> None:
    found = await waiting(150)
    assert found["waited"]
    assert found["ratio"] < 1.2
    assert found["beside_ms"] < 2000


async def test_readers_that_take_nothing_fill_no_memory_and_their_engines_stop() -> None:
    """Each would get eight megabytes and more."""
    found = await readers(8, stall_seconds=3.0)
    assert found["running"] == 8
    assert found["stopped"] < 20
    assert found["whole"] == 0
    assert found["mib_most"] - found["mib_before"] < 40


MEMORY = {"mib_before": 100.0, "mib_most": 123.4, "ratio": 1.234}
BESIDE = {"alone_ms": 2.5, "beside_ms": 3.5}
FOUND: dict[str, Found] = {
    "idle": {**MEMORY, **BESIDE, "connections": 2000, "kib_each": 4.5},
    "waiting": {**MEMORY, **BESIDE, "waiting": 500, "waited": True},
    "readers": {**MEMORY, "readers": 8, "running": 8, "stopped": 28.1, "got_mib": 0.4, "whole": 0},
    "requests": {**MEMORY, "requests": 200_000, "second_half_over_first": 1.004, "samples": [100.0, 123.4]},
}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the scenes that would have been played, on a machine that does nothing else."""
    names: list[str] = []

    def scene(name: str) -> Any:
        async def made_up(**size: float) -> Found:
            names.append(name)
            return FOUND[name]

        return made_up

    for name in FOUND:
        monkeypatch.setitem(memory.SCENES, name, scene(name))
    monkeypatch.setattr(results, "busy", lambda: 1.0)
    return names


def run(folder: Path, **options: Any) -> str:
    """The page after it."""
    page = folder / "page.md"
    page.write_text("# Results\n")
    memory.main(folder=folder / "memory", page=page, **options)
    return page.read_text()


def test_what_was_broken_off_goes_on_behind_the_last_scene(played: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setitem(memory.SCENES, "readers", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(tmp_path)
    assert played == ["idle", "waiting"]
    run(tmp_path)
    assert played == ["idle", "waiting", "readers", "requests"]
    run(tmp_path, again=True)
    assert played[4:] == [*FULL]


def test_a_scene_of_another_size_is_played_again(played: list[str], tmp_path: Path) -> None:
    run(tmp_path, count=1000)
    run(tmp_path)
    assert played == [*FULL, "requests"]


def test_the_section_has_a_row_for_each_scene(played: list[str], tmp_path: Path) -> None:
    text = run(tmp_path)
    assert f"## {memory.TITLE}\n\n" in text
    beside = "somebody else's smallest request takes 3.5 ms, 2.5 ms before"
    assert f"| idle | 2,000 connections that say nothing | 100.0 | 123.4 | 1.23 | 4.5 KiB for each; {beside} |" in text
    assert f"| all were served; {beside} |" in text
    assert "| 8 streams ran, and none after 28.1 s more; the most that one was sent: 0.4 MiB; streams that look complete: 0 |" in text
    assert "| requests | 200,000 requests, every other a stream |" in text


def test_a_shortened_or_disturbed_run_is_written_only_where_that_is_asked(
    played: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "##" not in run(tmp_path, stall_seconds=3.0)
    monkeypatch.setattr(results, "busy", lambda: 50.0)
    assert "##" not in run(tmp_path)
    assert "others took up to 50 % of the machine" in run(tmp_path, write=True)
