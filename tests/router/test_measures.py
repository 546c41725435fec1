"""What requests leave in the measures, over a scripted engine."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from budgets.keys import ApiKey, Keys
from router import measures
from router.measures import REGISTRY
from router.readings import Readings
from tests.router.server import Call

CANARY = "a-name-that-nobody-gave"


def counted() -> dict[tuple[str, ...], float]:
    """Every number by its name and its labels' values."""
    return {(sample.name, *sample.labels.values()): sample.value for sample in REGISTRY.samples()}


class Change:
    """How far numbers moved since the test began."""

    def __init__(self) -> None:
        self._before = counted()

    def of(self, *series: str) -> float:
        return counted().get(series, 0.0) - self._before.get(series, 0.0)


@pytest.fixture
def change() -> Change:
    return Change()


async def test_a_completion_counts_its_tokens_and_times(client: httpx.AsyncClient, change: Change) -> None:
    answer = await client.post("/v1/completions", json={"model": "pico", "prompt": "In the", "max_tokens": 6, "n": 2, "ignore_eos": True})
    usage = answer.json()["usage"]
    assert change.of("basemodel_tokens_total", "pico", "prompt") == usage["prompt_tokens"]
    assert change.of("basemodel_tokens_total", "pico", "completion") == usage["completion_tokens"] == 12
    assert change.of("basemodel_ttft_seconds_count", "pico") == 1
    assert change.of("basemodel_inter_token_seconds_count", "pico") == 10, "of two choices with six tokens"
    assert change.of("basemodel_queue_wait_seconds_count", "pico") == 1
    assert change.of("basemodel_holds_total", "pico") == change.of("basemodel_settles_total", "pico", "settled") == 1
    assert change.of("basemodel_requests_total", "pico", "/v1/completions", "ok") == 1


async def test_tokens_that_come_together_share_the_gap(client: httpx.AsyncClient, follow: Callable[..., None], change: Change) -> None:
    follow(tokens_per_delta=4)
    await client.post("/v1/completions", json={"model": "pico", "prompt": "In", "max_tokens": 12, "ignore_eos": True})
    assert change.of("basemodel_inter_token_seconds_count", "pico") == 8


@pytest.mark.parametrize(
    ("fields", "model", "outcome"),
    [
        ({"model": CANARY}, "other", "model_not_found"),
        ({"max_tokens": -1}, "other", "invalid_value"),
        ({"max_tokens": 5_000}, "other", "context_length_exceeded"),
    ],
)
async def test_a_refusal_is_counted_by_its_code(
    client: httpx.AsyncClient, change: Change, fields: dict[str, object], model: str, outcome: str
) -> None:
    await client.post("/v1/completions", json={"model": "pico", "prompt": "In", **fields})
    assert change.of("basemodel_requests_total", model, "/v1/completions", outcome) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_an_engine_that_dies_is_counted_as_such(
    client: httpx.AsyncClient, follow: Callable[..., None], change: Change, stream: bool
) -> None:
    follow(die_after=2)
    await client.post("/v1/completions", json={"model": "pico", "prompt": "In", "max_tokens": 6, "stream": stream, "ignore_eos": True})
    assert change.of("basemodel_requests_total", "pico", "/v1/completions", "engine_error") == 1
    assert change.of("basemodel_settles_total", "pico", "failed") == 1


async def test_who_leaves_is_counted_as_left(
    app: FastAPI, api_key: tuple[str, ApiKey], follow: Callable[..., None], change: Change
) -> None:
    follow(seconds_per_delta=0.01)
    call = Call(app, api_key[0], max_tokens=500, stream=True, ignore_eos=True)
    call.leaves_after = 4
    await call.run()
    assert change.of("basemodel_requests_total", "pico", "/v1/completions", "left") == 1


async def test_no_label_is_what_a_caller_made_up(client: httpx.AsyncClient, api_key: tuple[str, ApiKey]) -> None:
    for number in range(20):
        await client.post("/v1/completions", json={"model": f"{CANARY}-{number}", "prompt": CANARY})
        await client.get(f"/v1/models/{CANARY}-{number}")
        await client.get(f"/{CANARY}/{number}")
    said = " ".join(" ".join(series) for series in counted())
    assert CANARY not in said
    for secret in (api_key[0], api_key[1].id, api_key[1].account_id):
        assert secret not in said


async def test_what_stands_now_is_read_off_the_services(app: FastAPI, client: httpx.AsyncClient) -> None:
    await client.post("/v1/completions", json={"model": "pico", "prompt": "In", "max_tokens": 1})
    found = {(one.name, *one.labels.values()): one.value for one in Readings(app.state.parts, "scripted")()}
    assert found["basemodel_running_requests",] == found["basemodel_waiting_requests",] == found["basemodel_spool_entries",] == 0
    assert found["basemodel_accounting_open",] == found["basemodel_redis_up",] == 1
    assert found["basemodel_model_state", "pico", "ready"] == 1
    assert found["basemodel_model_state", "pico", "cold"] == 0
    assert found["basemodel_breaker_state", "pico", "closed"] == 1


def test_every_name_says_whose_it_is_and_its_unit() -> None:
    for name in measures.REGISTRY.families:
        assert re.fullmatch(r"basemodel_[a-z_]+", name)
    assert all(family.about.endswith(".") or name.endswith("info") for name, family in REGISTRY.families.items())


async def test_closed_accounting_shows(app: FastAPI, keys: Keys) -> None:
    accounting = app.state.parts.services.accounting
    accounting._barrier.close("for the test")
    found = {one.name: one.value for one in Readings(app.state.parts, "scripted")()}
    assert (found["basemodel_accounting_open"], found["basemodel_redis_up"]) == (0, 0)
