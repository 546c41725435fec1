from __future__ import annotations

import time
from pathlib import Path

import httpx

from budgets.keys import ApiKey, Keys
from router.catalogue import Catalogue
from router.lifecycle import Phase, Standing, State
from router.scripted_engine import ScriptedFleet
from tests.conftest import PICO
from tests.router.errors import assert_error

FIELDS = {
    *("id", "object", "created", "owned_by", "source", "revision", "max_model_len", "dtype", "vocab_size", "max_logprobs"),
    *("determinism", "state", "phase", "since", "eta_seconds", "progress", "replicas", "warm_policy", "idle_seconds", "warm_windows"),
    *("system_fingerprint", "fingerprint"),
}


async def test_a_model_says_what_it_is_and_how_it_stands(client: httpx.AsyncClient) -> None:
    card = (await client.get("/v1/models/pico")).json()
    assert set(card) == FIELDS
    assert (card["source"], card["vocab_size"], card["state"], card["warm_policy"]) == ("embedded/pico", 4096, "ready", "always")
    assert card["fingerprint"]["engine"] == "scripted"
    listed = (await client.get("/v1/models")).json()
    assert listed["object"] == "list"
    assert listed["data"][0] == card


async def test_a_cold_model_is_listed(client: httpx.AsyncClient, fleet: ScriptedFleet) -> None:
    fleet.standings["pico"] = Standing(State.STARTING, time.time(), Phase.LOADING, 12.0, 0, 1)
    card = (await client.get("/v1/models/pico")).json()
    assert (card["state"], card["phase"], card["eta_seconds"]) == ("starting", "loading", 12.0)
    assert card["replicas"] == {"running": 0, "wanted": 1}


async def test_the_fingerprint_is_that_of_the_answers(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/completions", json={"model": "pico", "prompt": "hi"})
    assert answer.json()["system_fingerprint"] == (await client.get("/v1/models/pico")).json()["system_fingerprint"]


async def test_models_need_a_key(stranger: httpx.AsyncClient) -> None:
    assert_error(await stranger.get("/v1/models"), 401, "invalid_api_key")
    assert_error(await stranger.get("/v1/models/pico"), 401, "invalid_api_key")


async def test_an_unknown_model_is_not_found(client: httpx.AsyncClient) -> None:
    assert_error(await client.get("/v1/models/nope"), 404, "model_not_found", "model", "pico, other")


async def test_under_the_path_of_a_model_it_is_the_only_one(client: httpx.AsyncClient) -> None:
    card = (await client.get("/v1/models/other")).json()
    assert (await client.get("/m/other/v1/models")).json() == {"object": "list", "data": [card]}
    assert (await client.get("/m/other/v1/models/other")).json() == card
    assert_error(await client.get("/m/other/v1/models/pico"), 404, "model_not_found", "model", "The models are: other.")
    for path in ("/m/nope/v1/models", "/m/nope/v1/models/pico"):
        assert_error(await client.get(path), 404, "model_not_found", "model", "pico, other")


async def test_under_its_path_a_model_needs_a_key_that_may_use_it(
    stranger: httpx.AsyncClient, keys: Keys, api_key: tuple[str, ApiKey]
) -> None:
    assert_error(await stranger.get("/m/pico/v1/models"), 401, "invalid_api_key")
    shown, _ = await keys.create(api_key[1].account_id, "narrow", models=("other",))
    stranger.headers["authorization"] = f"Bearer {shown}"
    for path in ("/m/pico/v1/models", "/m/pico/v1/models/pico"):
        assert_error(await stranger.get(path), 403, "model_not_allowed", "model")


async def test_the_catalogue_may_change_while_the_gateway_runs(client: httpx.AsyncClient, fleet: ScriptedFleet) -> None:
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"id": "newer", "revision": "2"}),))
    assert [model["id"] for model in (await client.get("/v1/models")).json()["data"]] == ["newer"]
    assert_error(await client.get("/v1/models/pico"), 404, "model_not_found", "model")


async def test_a_tokenizer_that_cannot_be_read_is_no_crash(client: httpx.AsyncClient, fleet: ScriptedFleet, tmp_path: Path) -> None:
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"path": str(tmp_path)}),))
    response = await client.post("/v1/completions", json={"model": "pico", "prompt": "hi"})
    assert_error(response, 503, "circuit_open", "model")
    assert str(tmp_path) not in response.text


async def test_a_model_whose_tokenizer_cannot_be_read_hides_no_other(
    client: httpx.AsyncClient, fleet: ScriptedFleet, tmp_path: Path
) -> None:
    broken = PICO.model_copy(update={"id": "broken", "path": str(tmp_path)})
    fleet.catalogue = Catalogue(models=(PICO, broken))
    listed = {model["id"]: model for model in (await client.get("/v1/models")).json()["data"]}
    assert (listed["broken"]["state"], listed["broken"]["vocab_size"]) == ("failed", None)
    assert listed["pico"]["vocab_size"] == 4096


async def test_a_model_that_is_called_as_on_a_hub_is_not_found_as_a_model(client: httpx.AsyncClient) -> None:
    assert_error(await client.get("/v1/models/meta-llama/Llama-3.1-8B"), 404, "model_not_found", "model", "pico")
