"""Accounting on the real engine: what is handed out as usage is what the ledger, the route and the command say."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from budgets.keys import new_key
from router.flood import MOST_FAILURES
from tests.cluster import Stack, eventually, run_basemodel

pytestmark = pytest.mark.stack

SECONDS = 30


class Lab:
    """A key of its own on the shared stack."""

    def __init__(self, stack: Stack, name: str) -> None:
        self._stack, self.name = stack, name
        self.command("accounts", "create", name, "--monthly-tokens", "1000000")
        self.key = self.command("keys", "create", "--account", name, "--name", "tests")["key"]
        self.client = httpx.Client(base_url=stack.base_url, headers={"x-api-key": self.key}, timeout=SECONDS)

    def command(self, *words: str) -> Any:
        done = run_basemodel([*words, "--json"], self._stack.environment, SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def post(self, path: str = "/completions", **fields: Any) -> dict[str, Any]:
        response = self.client.post(path, json={"model": "pico", "prompt": "In the beginning", **fields})
        assert response.status_code == 200, response.text
        usage: dict[str, Any] = response.json()["usage"]
        return usage

    def used(self) -> dict[str, Any]:
        """The month's counts, once nothing is held any more."""

        def settled() -> dict[str, Any] | None:
            report: dict[str, Any] = self.client.get("/usage").json()
            return None if report["key"]["held"] else report

        report: dict[str, Any] = eventually(settled, SECONDS)
        return report


@pytest.fixture
def lab(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Lab]:
    one = Lab(stack, str(request.node.name))
    yield one
    one.client.close()


def test_usage_is_the_same_wherever_it_is_asked(lab: Lab) -> None:
    handed_out = [
        lab.post(max_tokens=5),
        lab.post(max_tokens=0, echo=True, logprobs=1),
        lab.post(max_tokens=7, n=2, best_of=3),
        lab.post(prompt=["And", "So it was"], max_tokens=4, stop=["the"]),
        lab.post(max_tokens=200, stop=["."]),
        lab.post("/score", continuations=[" God", " was"]),
        streamed(lab, max_tokens=9),
    ]
    report = lab.used()
    (row,) = report["by_model"]
    assert row["requests"] == len(handed_out)
    for what in ("prompt_tokens", "completion_tokens"):
        assert row[what] == sum(one[what] for one in handed_out)
    assert report["key"]["used"] == report["account"]["used"] == sum(one["total_tokens"] for one in handed_out)
    assert lab.command("usage", "show", "--account", lab.name, "--key", "tests") == report


def streamed(lab: Lab, **fields: Any) -> dict[str, Any]:
    body = {"model": "pico", "prompt": "In", "stream": True, "stream_options": {"include_usage": True}, **fields}
    events = lab.client.post("/completions", json=body).text.split("\n\n")
    usage: dict[str, Any] = json.loads(events[-3].removeprefix("data: "))["usage"]
    return usage


def test_who_leaves_pays_what_was_made(lab: Lab) -> None:
    body = {"model": "pico", "prompt": "In the beginning", "stream": True, "max_tokens": 1500, "ignore_eos": True}
    with lab.client.stream("POST", "/completions", json=body) as response:
        came = sum(1 for _ in zip(range(20), response.iter_lines(), strict=False)) // 2
    (row,) = lab.used()["by_model"]
    assert came <= row["completion_tokens"] < 1500
    assert row["requests"] == 1


def test_a_paused_key_ends_its_running_streams(lab: Lab) -> None:
    body = {"model": "pico", "prompt": "In the beginning", "stream": True, "max_tokens": 1900, "ignore_eos": True, "n": 8}
    with lab.client.stream("POST", "/completions", json=body) as response:
        lines = response.iter_lines()
        next(lines)
        pausing = threading.Thread(target=lambda: lab.command("keys", "pause", "tests", "--account", lab.name))
        pausing.start()
        *_, failure, done = (line for line in lines if line)
        pausing.join()
    assert json.loads(failure.removeprefix("data: "))["error"]["code"] == "key_paused"
    assert done == "data: [DONE]"
    eventually(lambda: lab.client.get("/usage").status_code == 403, 5)
    lab.command("keys", "resume", "tests", "--account", lab.name)
    eventually(lambda: lab.client.get("/usage").status_code == 200, 5)
    (row,) = lab.used()["by_model"]
    assert 0 < row["completion_tokens"] < 8 * 1900


def test_guessing_keys_is_limited_for_the_address_it_comes_from(lab: Lab, stack: Stack) -> None:
    """The proxy hands on the address of each caller, not its own."""
    newcomer = lab.command("keys", "create", "--account", lab.name, "--name", "newcomer")["key"]
    with httpx.Client(base_url=stack.base_url, transport=httpx.HTTPTransport(local_address="127.0.0.2")) as guesser:
        codes = [guesser.get("/models", headers={"x-api-key": new_key()}).status_code for _ in range(MOST_FAILURES + 30)]
        assert (codes[0], codes[-1]) == (401, 429)
        assert guesser.get("/models", headers={"x-api-key": newcomer}).status_code == 429
        assert lab.client.get("/models", headers={"x-api-key": newcomer}).status_code == 200
