"""Everything that ever killed or corrupted an engine from outside is refused before one sees it, or does no harm."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from router.catalogue import Catalogue
from router.scripted_engine import ScriptedEngine, ScriptedFleet
from tests.conftest import PICO
from tests.router.advisories import BEYOND, HARMLESS, REFUSED, ROUTES, Body
from tests.router.errors import assert_error
from tests.router.harmless import assert_harmless

LEAST: dict[str, Any] = {"model": "pico", "prompt": "hi", "max_tokens": 2}
#: vLLM's version in which the last of the advisories was mended that no field leads to (batching, media, auth, headers).
MENDED = (0, 32, 0)
LOCKS = Path(__file__).parents[2] / "requirements"


async def sent(client: httpx.AsyncClient, body: Body) -> httpx.Response:
    if isinstance(body, bytes):
        return await client.post("/v1/completions", content=body, headers={"content-type": "application/json"})
    beside = LEAST if "max_tokens" in body else {name: LEAST[name] for name in ("model", "prompt")}
    return await client.post("/v1/completions", json=beside | body)


@pytest.mark.parametrize(("body", "param", "code"), [row[1:] for row in BEYOND], ids=[f"{row[0]} {str(row[1])[:40]}" for row in BEYOND])
async def test_what_is_out_of_bounds_never_reaches_an_engine(
    client: httpx.AsyncClient, engine: ScriptedEngine, body: Body, param: str | None, code: str
) -> None:
    assert_error(await sent(client, body), 400, code, param)
    assert engine.jobs == []


@pytest.mark.parametrize("name", REFUSED, ids=[f"{advisory} {name}" for name, advisory in REFUSED.items()])
async def test_a_field_that_we_do_not_have_never_reaches_an_engine(client: httpx.AsyncClient, engine: ScriptedEngine, name: str) -> None:
    for value in (None, 1, True, "x", ["x"], {"x": 1}, [5] * 2000):
        assert_error(await sent(client, {name: value}), 400, "unknown_parameter", name)
    assert engine.jobs == []


@pytest.mark.parametrize("fields", [row[1] for row in HARMLESS], ids=[f"{row[0]} {str(row[1])[:40]}" for row in HARMLESS])
async def test_what_is_in_bounds_does_no_harm(client: httpx.AsyncClient, engine: ScriptedEngine, fields: dict[str, Any]) -> None:
    answer = await client.post("/v1/completions", json=LEAST | fields)
    assert answer.status_code == 200, answer.text
    assert "error" not in answer.text[:20]
    assert engine.jobs
    for job in engine.jobs:
        assert_harmless(job, PICO, 4096)
    assert engine.running == 0


HEAVY: list[tuple[dict[str, Any], str]] = [
    ({"prompt": [5] * 200, "prompt_logprobs": 9}, "prompt_logprobs"),
    ({"prompt": [5] * 200, "echo": True, "logprobs": 9}, "logprobs"),
    ({"prompt": [[5] * 100, [5] * 101], "max_tokens": 0, "echo": True, "logprobs": 9}, "logprobs"),
    ({"max_tokens": 200, "logprobs": 9}, "logprobs"),
    ({"max_tokens": 20, "n": 10, "logprobs": 9}, "logprobs"),
    ({"max_tokens": 16, "logprob_token_ids": [5] * 128}, "logprob_token_ids"),
    ({"max_tokens": 200, "best_of": 16}, "best_of"),
]


@pytest.mark.parametrize(("fields", "param"), HEAVY, ids=[" ".join(row[0]) for row in HEAVY])
async def test_heavy_scoring_is_refused_with_its_bound(
    client: httpx.AsyncClient, fleet: ScriptedFleet, engine: ScriptedEngine, fields: dict[str, Any], param: str
) -> None:
    """vllm#5907 vllm#38830: memory for logprobs is tokens x k, so a request has a bound of its own."""
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"max_scoring_entries": 1980}),))
    error = assert_error(
        await client.post("/v1/completions", json=LEAST | fields), 400, "invalid_value", param, says="at most 1980 to one request"
    )
    assert int(re.findall(r"\d+", error["message"])[0]) > 1980
    assert engine.jobs == []


async def test_heavy_scoring_of_continuations_is_refused_too(
    client: httpx.AsyncClient, fleet: ScriptedFleet, engine: ScriptedEngine
) -> None:
    fleet.catalogue = Catalogue(models=(PICO.model_copy(update={"max_scoring_entries": 1980}),))
    body = {"model": "pico", "prompt": [5], "continuations": [[5] * 20] * 10, "logprobs": 9}
    assert_error(await client.post("/v1/score", json=body), 400, "invalid_value", "logprobs", says="at most 1980 to one request")
    assert engine.jobs == []


async def test_the_cache_salt_is_ours(client: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    """CVE-2025-46570 GHSA-4qjh-9fv9-r85r CVE-2026-105756: timing tells nobody what another account prompts."""
    assert_error(await sent(client, {"cache_salt": "theirs"}), 400, "unknown_parameter", "cache_salt")
    assert (await sent(client, {})).status_code == 200
    assert re.fullmatch("[0-9a-f]{32}", engine.jobs[0].cache_salt or "")


@pytest.mark.parametrize("script", [{"die_after": 1}, {"lose": 1}], ids=str)
async def test_a_stream_never_ends_without_saying_so(
    client: httpx.AsyncClient, follow: Callable[..., None], script: dict[str, int]
) -> None:
    """vllm#52852: a stream that broke off, without finish_reason and [DONE]."""
    follow(**script)
    answer = await client.post("/v1/completions", json=LEAST | {"stream": True, "max_tokens": 5})
    assert '"code":"engine_error"' in answer.text
    assert answer.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize("path", ROUTES)
async def test_the_engines_own_routes_are_not_there(client: httpx.AsyncClient, stranger: httpx.AsyncClient, path: str) -> None:
    """vLLM's security.md: open even with --api-key; CVE-2026-114051 came in by one of them."""
    for method in ("GET", "POST"):
        assert_error(await client.request(method, path), 404, "not_found")


@pytest.mark.parametrize("host", ["api/health?x=", "api/v1/../health#", "", "localhost:8000/health"])
async def test_no_host_header_opens_the_door(app: Any, host: str) -> None:
    """CVE-2026-48746 GHSA-94f4-hr76-p5j6, CVE-2026-48710: auth by a path that the Host header poisons."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as stranger:
        for path in ("/v1/completions", "/v1/score", "/v1/tokenize", "/tokenize", "/m/pico/v1/completions"):
            assert_error(await stranger.post(path, json=LEAST, headers={"host": host}), 401, "invalid_api_key")


@pytest.mark.parametrize("lock", ["cpu", "gpu"])
def test_the_engine_is_no_older_than_the_last_mended_advisory(lock: str) -> None:
    """GHSA-v97p-wpxp-px84, CVE-2025-48956, CVE-2025-59425, CVE-2026-115911, CVE-2026-115918 and the like."""
    (version,) = re.findall(r"^vllm(?:-cpu)?==([\d.]+)", (LOCKS / f"{lock}.lock").read_text(), re.MULTILINE)
    assert tuple(map(int, version.split("."))) >= MENDED
