"""Sections of RESULTS.md, and the plots beside it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from loadtest import lines, results
from loadtest.growth.plot import svg
from loadtest.growth.sweeps import SWEEPS


def test_a_section_replaces_itself_and_leaves_the_others(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Results\n\n## One: `a`\n\nold\n\n### Part\n\nold\n\n## Two\n\nstays\n")
    for body in ("new", "newer"):
        results.put(page, "One: `b`", body)
        results.put(page, "Three", body)
    assert page.read_text() == "# Results\n\n## One: `b`\n\nnewer\n\n## Two\n\nstays\n\n## Three\n\nnewer\n"


def test_a_line_that_a_stop_cut_off_was_not_written(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    assert lines.read(path) == []
    lines.append(path, {"one": 1})
    with path.open("a") as file:
        file.write('{"tw')
    assert lines.read(path) == [{"one": 1}]
    lines.append(path, {"three": 3})
    assert lines.read(path) == [{"one": 1}, {"three": 3}]


def test_a_plot_is_well_formed_and_has_a_dot_for_each_value() -> None:
    root = ElementTree.fromstring(svg("a < b", [0.0, 10.0, 100.0], {"one": [1.0, 2.0, 3.0], "none": [0.0, 0.0, 0.0]}))
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == 6


def test_every_point_of_a_sweep_has_enough_places_for_its_requests() -> None:
    points = [sweep.point(place) for sweep in SWEEPS.values() for place in sweep.places]
    assert all(point.key_count * 8 >= point.at_once for point in points)
