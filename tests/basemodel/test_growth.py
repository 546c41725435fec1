from __future__ import annotations

import pytest
import torch

from basemodel.embedded.growth import grow
from basemodel.embedded.llama import Llama, Shape

SMALL = Shape(layers=2, heads=2, kv_heads=1, hidden=24, vocabulary=50, context=16)
LARGER: list[Shape] = [
    Shape(layers=2, heads=3, kv_heads=1, hidden=24, vocabulary=50, context=16),
    Shape(layers=2, heads=2, kv_heads=1, hidden=40, vocabulary=50, context=16),
    Shape(layers=4, heads=2, kv_heads=1, hidden=24, vocabulary=50, context=16),
    Shape(layers=3, heads=4, kv_heads=1, hidden=48, vocabulary=50, context=16),
]


@pytest.mark.parametrize("shape", LARGER, ids=str)
def test_a_grown_model_says_what_the_smaller_one_says(shape: Shape) -> None:
    torch.manual_seed(0)
    small, large = Llama(SMALL), Llama(shape)
    for name, weight in small.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(weight, 0.5, 2.0)
        if "embed" in name:
            torch.nn.init.normal_(weight)  # so large that the norms' epsilon is nothing beside it
    grow(small, large)
    ids = torch.randint(0, 50, (3, 16))
    assert torch.allclose(small.loss(ids), large.loss(ids), atol=1e-3)


def test_every_new_weight_learns() -> None:
    """A step or two later: where both ends of a path were zero it would never move."""
    torch.manual_seed(0)
    small, large = Llama(SMALL), Llama(LARGER[3])
    grow(small, large)
    before = {name: weight.detach().clone() for name, weight in large.named_parameters()}
    optimizer = torch.optim.SGD(large.parameters(), lr=1.0)
    for _ in range(3):
        optimizer.zero_grad()
        large.loss(torch.randint(0, 50, (8, 16))).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for name, weight in large.named_parameters():
        if "embed" not in name:
            assert (weight != before[name]).float().mean() > 0.99, name


def test_key_value_heads_stay_as_they_are() -> None:
    with pytest.raises(ValueError, match="key-value heads"):
        grow(Llama(SMALL), Llama(Shape(layers=2, heads=2, kv_heads=2, hidden=24, vocabulary=50, context=16)))
