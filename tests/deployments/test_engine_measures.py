from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from deployments.boot_listener import NOBODY
from deployments.engine_measures import EngineMeasures, MeasuredBoots
from router.lifecycle import Phase
from router.metrics import Sample

MODEL = "a-model-of-these-tests"


def host(**fields: Any) -> Any:
    return SimpleNamespace(**{"booted": True, "load": {"running": 3.0, "prefill": 70.0}, "measured": [], **fields})


def told(measures: EngineMeasures) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels.values()): one.value for one in measures() if MODEL in one.labels.values()}


def test_a_boot_is_measured_by_its_phases_and_a_death_counts() -> None:
    boots, measures = MeasuredBoots(MODEL, NOBODY), EngineMeasures(MODEL, host())
    before = told(measures)
    assert before["basemodel_engine_deaths_total", MODEL] == 0
    boots.began("forked")
    boots.phase(Phase.LOADING, 0, 10)
    boots.phase(Phase.LOADING, 10, 10)
    boots.phase(Phase.WARMING, 10, 10)
    boots.ready()
    boots.lost("it died")
    boots.began("forked")
    boots.failed("no memory", 1.0)
    after = told(measures)
    assert [after["basemodel_boot_phase_seconds_count", MODEL, phase.value] for phase in Phase] == [1, 1, 1]
    assert after["basemodel_boots_total", MODEL, "ready"] == after["basemodel_boots_total", MODEL, "failed"] == 1
    assert after["basemodel_engine_deaths_total", MODEL] == 1


def test_what_the_host_counted_is_the_models() -> None:
    counted = [Sample("vllm_generation_tokens_total", {}, 9.0), Sample("vllm_wait_bucket", {"le": "0.1"}, 2.0)]
    found = told(EngineMeasures(MODEL, host(measured=counted)))
    assert found["vllm_generation_tokens_total", MODEL] == 9.0
    assert found["vllm_wait_bucket", MODEL, "0.1"] == 2.0
    assert found["basemodel_engine_up", MODEL] == 1
    assert (found["basemodel_engine_sequences", MODEL], found["basemodel_engine_prefill_tokens", MODEL]) == (3, 70)
    assert told(EngineMeasures(MODEL, host(booted=False)))["basemodel_engine_up", MODEL] == 0
