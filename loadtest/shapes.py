"""How many users there are at each moment of a run.

steps: few, many, few. sawtooth: from few to many and at once back, again and again. spike: few, suddenly many for a moment, few.
"""

from __future__ import annotations

import os
from collections.abc import Callable

FEW, MANY = int(os.environ.get("LOAD_FEW", "1")), int(os.environ.get("LOAD_MANY", "16"))
#: Seconds: of each step, of one saw tooth, and of all teeth; of a spike.
STEP, TOOTH, TEETH, SPIKE = (
    int(os.environ.get(f"LOAD_{name}", value)) for name, value in (("STEP", 60), ("TOOTH", 60), ("TEETH", 600), ("SPIKE", 10))
)


def steps(now: float) -> int | None:
    plan = [FEW, MANY, MANY, FEW, FEW]
    return plan[int(now // STEP)] if now < STEP * len(plan) else None


def sawtooth(now: float) -> int | None:
    return None if now >= TEETH else FEW + round((MANY - FEW) * (now % TOOTH) / TOOTH)


def spike(now: float) -> int | None:
    """In the middle of two steps."""
    if now >= 2 * STEP + SPIKE:
        return None
    return MANY if STEP <= now < STEP + SPIKE else FEW


SHAPES: dict[str, Callable[[float], int | None]] = {"steps": steps, "sawtooth": sawtooth, "spike": spike}


def named(name: str) -> Callable[[float], int | None]:
    """Raises SystemExit."""
    if name not in SHAPES:
        raise SystemExit(f"LOAD_SHAPE is {name!r}, and there is no such shape: it may be {', '.join(SHAPES)}.")
    return SHAPES[name]
