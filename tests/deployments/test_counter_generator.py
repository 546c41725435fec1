"""The seeded random stream: reproducible, rewindable, all 64 bits of a seed count."""

import pytest

from deployments.counter_generator import CounterGenerator, engine_seed, splitmix64


def test_splitmix64_agrees_with_the_published_first_outputs_for_seed_zero() -> None:
    golden = 0x9E3779B97F4A7C15
    outputs = [splitmix64((golden * step) & (2**64 - 1)) for step in (1, 2, 3)]
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_equal_seeds_draw_equal_values() -> None:
    left, right = CounterGenerator(7), CounterGenerator(7)
    assert [left.draw() for _ in range(10)] == [right.draw() for _ in range(10)]


def test_a_discarded_draw_is_drawn_again_after_the_rewind() -> None:
    generator = CounterGenerator(7)
    generator.draw()
    discarded = generator.draw()
    generator.set_offset(generator.get_offset() - 4)
    assert generator.draw() == discarded


@pytest.mark.parametrize("other", [5 + 2**32, 5 - 2**63, -5, 6])
def test_every_bit_of_a_seed_counts(other: int) -> None:
    assert engine_seed(5, 0) != engine_seed(other, 0)


def test_choice_i_draws_as_a_request_with_seed_plus_i() -> None:
    assert engine_seed(40, 2) == engine_seed(42, 0)
    assert engine_seed(2**63 - 1, 1) == engine_seed(-(2**63), 0)


@pytest.mark.parametrize("seed", [-1, 0, 1, 2**63 - 1, -(2**63)])
def test_no_seed_becomes_vllms_unseeded(seed: int) -> None:
    assert 0 <= engine_seed(seed, 0) < 2**63
