"""A random stream that depends on a seed and a step count only.

It stands in for the `torch.Generator` of one request on vLLM's CPU runner, which cannot step back
after a prefill chunk's sample is thrown away and uses only the low 32 bits of a seed.
"""

from __future__ import annotations

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
#: By how much vLLM 0.32 rewinds a generator for one discarded draw (v1/worker/gpu_model_runner.py).
OFFSET_PER_DRAW = 4


def splitmix64(value: int) -> int:
    """The finalizer of Steele, Lea and Flood 2014 ("Fast splittable pseudorandom number generators")."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def engine_seed(seed: int, choice: int) -> int:
    """The engine's seed, 0 to 2^63 - 1, for choice i of a request with an int64 seed (seed + i, wrapping).

    vLLM reads -1 as "unseeded"; no seed of ours comes out as that.
    """
    return splitmix64((seed + choice + GOLDEN) & MASK) >> 1


class CounterGenerator:
    def __init__(self, seed: int) -> None:
        self.seed, self.steps = seed & MASK, 0

    def draw(self) -> int:
        """The next value, 0 to 2^31 - 1."""
        self.steps += 1
        return splitmix64((self.seed + GOLDEN * self.steps) & MASK) & 0x7FFFFFFF

    def get_offset(self) -> int:
        return OFFSET_PER_DRAW * self.steps

    def set_offset(self, offset: int) -> None:
        self.steps = offset // OFFSET_PER_DRAW
