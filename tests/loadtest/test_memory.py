"""A gateway's memory under what may not grow it: short versions of `python -m loadtest.memory`."""

from __future__ import annotations

from loadtest import memory


async def test_requests_that_are_over_leave_nothing_behind() -> None:
    found = await memory.requests(4 * memory.BATCH)
    assert found["second_half_over_first"] < 1.05


async def test_connections_that_say_nothing_cost_little_and_hold_nobody_up() -> None:
    found = await memory.idle(300)
    assert found["kib_each"] < 64
    assert found["ratio"] < 1.2
    assert found["beside_ms"] < 2000


async def test_requests_in_line_cost_little_and_are_all_served() -> None:
    found = await memory.waiting(150)
    assert found["waited"]
    assert found["ratio"] < 1.2
    assert found["beside_ms"] < 2000


async def test_readers_that_take_nothing_fill_no_memory_and_their_engines_stop() -> None:
    """Each would get eight megabytes and more."""
    found = await memory.readers(8, stall_seconds=3.0)
    assert found["running"] == 8
    assert found["stopped"] < 20
    assert found["whole"] == 0
    assert found["mib_most"] - found["mib_before"] < 40
