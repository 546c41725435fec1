"""How `python -m loadtest.growth` goes on and what it writes, on made-up numbers; and one real point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from loadtest import kept, results
from loadtest.growth import __main__ as growth
from loadtest.growth import table
from loadtest.growth.measure import measure
from loadtest.growth.sweeps import SWEEPS, Point
from loadtest.growth.table import REQUESTS, Document

FOUND = {"tokens_per_second": 12345.6, "cpu_us_per_token": 42.21, "first_ms": 9.87, "whole_ms": 1234.5}


def document(name: str, requests: int = REQUESTS, busy: float = 1.0) -> Document:
    points = [{"at": place, **FOUND} for place in SWEEPS[name].places]
    return {"sweep": SWEEPS[name].title, "machine": "a machine", "busy_percent": busy, "requests": requests, "points": points}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Point]:
    """Points that would have been measured, on a machine that does nothing else."""
    points: list[Point] = []

    async def made_up(point: Point, count: int) -> dict[str, float]:
        points.append(point)
        return FOUND

    monkeypatch.setattr(growth, "measure", made_up)
    monkeypatch.setattr(results, "busy", lambda: 1.0)
    return points


def run(folder: Path, **options: Any) -> str:
    """The page after it."""
    page = folder / "page.md"
    page.write_text("# Results\n")
    growth.main(folder=folder / "plots", page=page, **options)
    return page.read_text()


def test_a_sweep_that_is_in_the_folder_is_not_measured_again(measured: list[Point], tmp_path: Path) -> None:
    for name in SWEEPS:
        if name != "gateways":
            kept.write(tmp_path / "plots" / f"{name}.json", document(name))
    run(tmp_path)
    assert [point.gateways for point in measured] == [1, 2, 3, 4]
    run(tmp_path)
    assert len(measured) == 4
    run(tmp_path, only=["gateways"], again=True)
    assert len(measured) == 8
    assert {path.suffix for path in (tmp_path / "plots").iterdir()} == {".json", ".svg"}


def test_the_section_has_a_table_and_a_plot_for_each_sweep(measured: list[Point], tmp_path: Path) -> None:
    text = run(tmp_path)
    assert f"## {growth.TITLE}\n\n" in text
    assert "1 % of the machine" in text
    assert "| gateways | tokens a second | microseconds of the gateways' processors for a token | first token, ms | whole, ms |" in text
    assert "| 10,000 | 12,346 | 42.2 | 9.9 | 1,234.5 |" in text
    for name in SWEEPS:
        assert f"](plots/{name}.svg)" in text
        assert (tmp_path / "plots" / f"{name}.svg").exists()


def test_a_part_of_the_sweeps_is_written_only_where_that_is_asked(measured: list[Point], tmp_path: Path) -> None:
    assert "##" not in run(tmp_path, only=["keys"])
    assert "##" not in run(tmp_path, requests=8, again=True)
    assert "##" not in run(tmp_path, most=100, again=True)
    assert "; 8 streams at each point" in run(tmp_path, requests=8, again=True, write=True)


def test_sweeps_that_something_disturbed_are_written_only_where_that_is_asked(measured: list[Point], tmp_path: Path) -> None:
    for name in SWEEPS:
        kept.write(tmp_path / "plots" / f"{name}.json", document(name, busy=50.0 if name == "keys" else 1.0))
    assert "##" not in run(tmp_path)
    assert "up to 50 % of the machine" in run(tmp_path, write=True)
    assert measured == []


def test_a_sweep_that_there_is_not_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="there is no clouds"):
        growth.main(only=["clouds"])


def test_sweeps_are_whole_with_all_their_places_and_requests() -> None:
    assert table.whole({name: document(name) for name in SWEEPS})
    assert not table.whole({name: document(name, requests=REQUESTS - (name == "keys")) for name in SWEEPS})
    assert not table.whole({name: document(name) for name in SWEEPS if name != "keys"})


async def test_a_point_is_measured_on_a_gateway_of_its_own() -> None:
    found = await measure(Point(at_once=2), 4)
    assert found.keys() == FOUND.keys()
    assert all(value > 0 for value in found.values())
    assert found["first_ms"] <= found["whole_ms"]
