"""How many users a shape has over time, and a name that no shape has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from loadtest import shapes
from loadtest.gateways import CHECKOUT
from loadtest.shapes import SHAPES, named


@pytest.fixture(autouse=True)
def sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says."""
    for name, value in {"FEW": 2, "MANY": 12, "STEP": 60, "TOOTH": 60, "TEETH": 600, "SPIKE": 10}.items():
        monkeypatch.setattr(shapes, name, value)


def users(name: str, *seconds: float) -> list[int | None]:
    return [named(name)(at) for at in seconds]


def test_steps_are_few_then_many_for_two_steps_then_few_for_two_and_over() -> None:
    assert users("steps", 0, 59.9, 60, 179.9, 180, 299.9, 300) == [2, 2, 12, 12, 2, 2, None]


def test_each_tooth_goes_evenly_from_few_to_many_and_at_once_back() -> None:
    assert users("sawtooth", 0, 30, 59.9, 60, 90, 599.9, 600) == [2, 7, 12, 2, 7, 12, None]
    teeth = users("sawtooth", *range(60))
    assert teeth == sorted(teeth, key=lambda count: count or 0)


def test_a_spike_is_suddenly_many_for_a_moment_between_two_steps_of_few() -> None:
    assert users("spike", 0, 59.9, 60, 69.9, 70, 129.9, 130) == [2, 2, 12, 12, 2, 2, None]


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_leaves_its_bounds_before_it_ends(name: str) -> None:
    counts = users(name, *range(1000))
    over = counts.index(None)
    assert {*counts[over:]} == {None}
    assert all(count is not None and 2 <= count <= 12 for count in counts[:over])


def test_a_name_that_no_shape_has_is_refused_with_a_sentence() -> None:
    command = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless", "--host", "http://127.0.0.1:9", "Interactive"]
    environment = os.environ | {"LOAD_SHAPE": "zigzag"}
    run = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert run.stderr.strip().splitlines()[-1] == "LOAD_SHAPE is 'zigzag', and there is no such shape: it may be steps, sawtooth, spike."
    assert "Traceback" not in run.stderr
