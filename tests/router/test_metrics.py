from __future__ import annotations

import pytest

from router.metrics import Registry, Sample


def test_a_counter_adds_up_for_each_combination_of_labels() -> None:
    family = Registry().counter("made_total", "about", "model", "kind")
    family.of("pico", "prompt").add(3)
    family.of("pico", "prompt").add()
    family.of("nano", "prompt").add()
    found = [(sample.labels, sample.value) for sample in family.samples()]
    assert found == [({"model": "pico", "kind": "prompt"}, 4), ({"model": "nano", "kind": "prompt"}, 1)]


def test_a_distribution_says_how_many_values_were_at_most_each_bound() -> None:
    family = Registry().histogram("wait_seconds", "about", bounds=(0.1, 1.0))
    for value, times in ((0.05, 1), (0.1, 1), (0.5, 2), (7.0, 1)):
        family.of().observe(value, times)
    found = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples()}
    assert found == {
        ("wait_seconds_bucket", "0.1"): 2,
        ("wait_seconds_bucket", "1.0"): 4,
        ("wait_seconds_bucket", "+Inf"): 5,
        ("wait_seconds_sum", None): pytest.approx(8.15),
        ("wait_seconds_count", None): 5,
    }


def test_a_gauge_is_what_it_was_set_to_last() -> None:
    registry = Registry()
    gauge = registry.gauge("up", "whether it is").of()
    gauge.set(True)
    gauge.set(False)
    assert list(registry.samples()) == [Sample("up", {}, 0.0, "whether it is")]


def test_a_name_is_taken_once_and_has_its_labels() -> None:
    registry = Registry()
    family = registry.gauge("up", "about", "model")
    with pytest.raises(AssertionError):
        registry.counter("up", "about")
    with pytest.raises(AssertionError):
        family.of()
