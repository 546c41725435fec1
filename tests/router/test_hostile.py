from __future__ import annotations

import json
import os
from collections import Counter
from random import Random

import httpx
import pytest

from router import body, validation
from router.errors import ApiError, Fault, InvalidRequest, ModelNotFound
from router.scripted_engine import ScriptedEngine, ScriptedFleet
from router.tokens import Vocabulary
from router.wire import CompletionRequest
from tests.conftest import OTHER, PICO
from tests.router.errors import assert_error
from tests.router.harmless import assert_harmless
from tests.router.hostile import WHOLE, bodies

PARSED, POSTED = 100_000, 2_500
CODES = {"invalid_json", "invalid_value", "missing_parameter", "unknown_parameter", "context_length_exceeded", "model_not_found"}


@pytest.fixture
def seed() -> int:
    """Another one each time; HOSTILE_SEED repeats a run."""
    chosen = int(os.environ.get("HOSTILE_SEED", Random().randrange(1 << 32)))
    print(f"HOSTILE_SEED={chosen}")
    return chosen


async def outcome(data: bytes, vocabulary: Vocabulary) -> str:
    """The real parse path: the code of the refusal, or what passed. Raises only what nobody expected."""
    try:
        request = validation.parse(body.parse(data))
        if request.model != PICO.id:
            raise ModelNotFound(request.model, [PICO.id])
        valid = await validation.validate(request, PICO, vocabulary, "account")
    except body.Refused as error:
        return told(InvalidRequest(Fault(None, "invalid_json", str(error))))
    except ApiError as error:
        return told(error)
    for job in valid.jobs:
        assert_harmless(job, PICO, vocabulary.size)
    return "passed"


def told(error: ApiError) -> str:
    """What the caller would read is whole: a status of the contract, a sentence, the parameter, and it can be sent."""
    assert (error.status, error.code in CODES) == (404 if isinstance(error, ModelNotFound) else 400, True)
    assert (error.param is None) == (error.code == "invalid_json")
    assert 10 < len(error.message) < 4000
    assert error.details is None or 2 <= len(error.details) <= 17
    json.dumps(error.body(), allow_nan=False).encode()
    return error.code


@pytest.mark.timeout(600)
async def test_a_hundred_thousand_mutated_bodies_are_refused_in_shape_or_harmless(vocabulary: Vocabulary, seed: int) -> None:
    counts: Counter[str] = Counter()
    for data in bodies(seed, PARSED):
        try:
            counts[await outcome(data, vocabulary)] += 1
        except Exception as error:
            pytest.fail(f"{type(error).__name__}: {error} for {data[:2000]!r}")
    print(counts)
    assert counts.keys() == CODES | {"passed"}
    assert min(counts["passed"], counts["invalid_json"], counts["invalid_value"], counts["unknown_parameter"]) > PARSED // 20


@pytest.mark.timeout(600)
async def test_mutated_bodies_over_http_are_answered_in_shape(client: httpx.AsyncClient, fleet: ScriptedFleet, seed: int) -> None:
    """To the model with the short context, so that none makes much text."""
    statuses: Counter[int] = Counter()
    for data in bodies(seed, POSTED, model="other"):
        response = await client.post("/v1/completions", content=data, headers={"content-type": "application/json"})
        statuses[response.status_code] += 1
        assert response.status_code in (200, 400, 404), data
        if response.status_code != 200:
            error = response.json()["error"]
            assert_error(response, response.status_code, error["code"], error["param"])
            assert (error["param"] is None) == (error["code"] == "invalid_json"), data
    print(statuses)
    assert min(statuses[200], statuses[400]) > POSTED // 20
    assert isinstance(fleet.engines["other"], ScriptedEngine)
    assert fleet.engines["other"].running == 0
    for job in fleet.engines["other"].jobs:
        assert_harmless(job, OTHER, 4096)


def test_the_bodies_were_valid_and_have_every_field() -> None:
    for one in WHOLE:
        validation.parse({"model": "pico", **one})
    assert {name for one in WHOLE for name in one} == CompletionRequest.model_fields.keys() - {"model"}


def test_the_same_seed_makes_the_same_bodies() -> None:
    assert list(bodies(7, 200)) == list(bodies(7, 200)) != list(bodies(8, 200))
