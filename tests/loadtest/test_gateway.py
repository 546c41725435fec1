"""The gateway process that load and faults are tried on: its models, and what it tells of its engines."""

from __future__ import annotations

from loadtest.gateway import fleet_of, made
from router.engine import Job, Sampling
from router.scripted_engine import Script


async def test_each_of_its_models_has_an_engine_and_jobs_are_counted_and_not_kept() -> None:
    fleet = fleet_of(3, Script())
    assert [spec.id for spec in fleet.catalogue.models] == list(fleet.engines) == ["pico", "pico-2", "pico-3"]
    for number, engine in enumerate(fleet.engines.values()):
        job = Job(f"{number}", (1, 2), Sampling(max_tokens=4, ignore_eos=True), (1,))
        assert sum([len(delta.token_ids) async for delta in engine.generate(job)]) == 4
        assert list(engine.jobs) == []
    assert made(fleet) == {"made": 12, "jobs": 3, "running": 0}
