"""What `make bench` counts and compares; its servers are tried by running it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import typer
from redis.asyncio import Redis

from budgets.accounts import Accounts
from budgets.keys import Keys
from budgets.secret import Secret
from loadtest import lines, results
from loadtest.bench import __main__ as program
from loadtest.bench import alone, peers, service, table
from loadtest.bench.client import Asked, load, request
from loadtest.bench.rounds import BOOT, GATEWAY, Bench, Row
from loadtest.bench.servers import Server
from loadtest.bench.service import KEYS, TINY, config
from loadtest.bench.works import ENDINGS, LITELLM, OURS, RAY_LLM, SERVERS, VLLM, WORKS, Work
from loadtest.gateways import SECRET, Gateway
from tests.loadtest.test_bench_servers import at_rest


@asynccontextmanager
async def gateway(redis: Redis, redis_url: str, home: Path) -> AsyncIterator[tuple[Gateway, list[str]]]:
    one, account = Gateway(redis_url, home), (await Accounts(redis).create("bench")).id
    made = [await Keys(redis, Secret.parse(SECRET)).create(account, f"{number}") for number in range(KEYS)]
    try:
        await one.start()
        yield one, [shown for shown, _ in made]
    finally:
        one.stop()


async def test_every_work_is_done_by_a_service_and_counted_whole(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    async with gateway(redis, redis_url, tmp_path) as (one, keys):
        for work in WORKS.values():
            bodies = work.bodies(Random(1), work.at_once)
            wanted = [request(work.path, {"model": "pico", **body}, keys[at % KEYS]) for at, body in enumerate(bodies)]
            answers, seconds = await load(one.port, wanted, work.at_once)
            assert [answer.status for answer in answers] == [200] * len(bodies), answers[0].body
            work.check(bodies, answers)
            assert work.value(answers, seconds) > 0


async def test_the_client_tells_of_an_answer_what_another_client_does(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    whole: dict[str, Any] = {"model": "pico", "prompt": [300, 301], "max_tokens": 5, "ignore_eos": True, "seed": 1}
    stream = whole | {"stream": True, "stream_options": {"include_usage": True}}
    async with gateway(redis, redis_url, tmp_path) as (one, keys):
        answers, _ = await load(one.port, [request("/v1/completions", body, keys[0]) for body in (whole, stream)], 1)
        async with httpx.AsyncClient(headers={"x-api-key": keys[0]}) as other:
            same = (await other.post(f"{one.base}/v1/completions", json=whole)).json()
    assert answers[0].document["choices"] == same["choices"]
    assert answers[0].document["usage"]["completion_tokens"] == answers[1].document["usage"]["completion_tokens"] == 5
    assert answers[1].first is not None
    assert 0 < answers[1].first <= answers[1].seconds
    assert answers[1].body.endswith(b"data: [DONE]\n\n")


def test_work_that_was_not_done_is_not_measured() -> None:
    few = Asked(200, 1.0, 0.1, json.dumps({"usage": {"completion_tokens": 63}}).encode())
    silent = Asked(200, 1.0, 0.1, json.dumps({"usage": {"completion_tokens": 64}, "choices": [{"logprobs": None}]}).encode())
    for work, answer, why in ((WORKS["stream"], few, "63 of 64"), (WORKS["logprobs"], silent, "no logprobs")):
        with pytest.raises(AssertionError, match=why):
            work.check(work.bodies(Random(1), 1), [answer])


def test_continuations_are_the_same_in_one_call_and_in_many() -> None:
    apart, together = (WORKS[name].bodies(Random(1), 2 * ENDINGS.continuations) for name in ("continuations-apart", "continuations"))
    assert [(one["prompt"], one["continuations"][0]) for one in apart] == [
        (one["prompt"], continuation) for one in together for continuation in one["continuations"]
    ]


def rows(work: str, **values: list[float]) -> list[Row]:
    names = {"ours": OURS, "vllm": VLLM, "ray": RAY_LLM}
    return [Row(number, names[server], work, value) for server, found in values.items() for number, value in enumerate(found)]


def line(found: list[Row], title: str) -> list[str]:
    text = next(one for one in table.shown("pico", found).splitlines() if title in one)
    return [cell.strip() for cell in text.strip("|").split("|")]


def test_ratios_are_of_one_round_and_shown_with_their_range() -> None:
    cells = line(rows("stream", ours=[90, 220, 100], vllm=[100, 200, 100]), "32 streams")
    assert cells[1:4] == ["100 (90 to 220)", "100 (100 to 200)", ""]
    assert cells[5] == "1.00 (0.90 to 1.10)"


def test_times_are_compared_by_their_difference() -> None:
    assert line(rows("first-token", ours=[14], vllm=[10], ray=[20]), "first token")[5:7] == ["+4.0", "-6.0"]


def test_a_call_for_all_continuations_is_compared_with_a_call_for_each() -> None:
    found = rows("continuations", ours=[120]) + rows("continuations-in-turn", ours=[10]) + rows("continuations-echo", vllm=[60])
    assert "(>= 11.2): 12.00" in table.shown("pico", found)
    assert line(found, "one call")[5] == "2.00"


def test_a_run_goes_on_behind_what_is_measured_and_tries_failures_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "pico.jsonl", "pico", 1, ("stream", "one-token", "echo"))
    bench._keep(0, VLLM, "stream", lambda: 1.0)
    bench._keep(0, VLLM, "echo", lambda: 1 / 0)
    with bench.path.open("a") as file:
        file.write('{"round": 0, "serv')
    assert bench._missing(0, VLLM) == ["one-token", "echo"]
    assert "ZeroDivisionError" in table.shown("pico", bench.rows)


def failing(failure: Exception) -> Any:
    """A server that does not start."""

    @contextmanager
    def start(*_: Any) -> Iterator[Server]:
        raise failure
        yield

    return start


def running(spec: Any, folder: Path) -> AbstractContextManager[Server]:
    return at_rest(folder)


@pytest.fixture
def none_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a machine that does nothing else; only what needs no server can be measured. What is kept of a failure is kept in `tmp_path`."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def tokens(count: int) -> float:
        return 20_000.0

    monkeypatch.setattr(peers, "vllm", failing(RuntimeError("vLLM did not start")))
    monkeypatch.setattr(peers, "litellm", failing(RuntimeError("LiteLLM did not start")))
    monkeypatch.setattr(peers, "ray_llm", failing(FileNotFoundError("no .venv-peers")))
    monkeypatch.setattr(service, "service", failing(AssertionError("it does not answer")))
    monkeypatch.setattr(alone, "gateway", tokens)
    monkeypatch.setattr(results, "busy", lambda: 1.0)
    monkeypatch.setattr(Server, "completes", lambda self: True)


@pytest.mark.usefixtures("none_starts")
def test_a_server_that_does_not_start_leaves_a_row_for_each_of_its_works(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "pico.jsonl", "pico", 2, ("stream", "continuations", BOOT, GATEWAY))
    bench.go_on()
    failed = {(row.server, row.work): row.why for row in bench.rows if row.value is None}
    vllm, ray = "RuntimeError: vLLM did not start", "FileNotFoundError: no .venv-peers"
    whys = {VLLM: vllm, LITELLM: vllm, RAY_LLM: ray, OURS: "AssertionError: it does not answer"}
    assert failed == {(server, work): why for server, why in whys.items() for work in ("stream", BOOT)} | {
        (OURS, "continuations"): whys[OURS]
    }
    assert [(row.work, row.value) for row in bench.rows if row.value is not None] == [(GATEWAY, 20_000.0)] * 2
    shown = table.shown("pico", bench.rows)
    assert f"Not measured:\n\n- LiteLLM, stream, boot: {vllm}\n" in shown
    assert f"- {RAY_LLM}, stream, boot: {ray}\n" in shown


@pytest.mark.usefixtures("none_starts")
def test_what_one_server_did_and_did_not_do_stays_where_the_next_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "vllm", running)
    monkeypatch.setattr(Bench, "_measure", lambda *_: 1 / 0)
    bench = Bench(tmp_path / "pico.jsonl", "pico", 1, ("stream", BOOT), (VLLM, LITELLM))
    bench.go_on()
    why = "RuntimeError: LiteLLM did not start"
    expected = {(VLLM, "stream"): "ZeroDivisionError: division by zero", (VLLM, BOOT): "", (LITELLM, "stream"): why, (LITELLM, BOOT): why}
    assert {(row.server, row.work): row.why for row in bench.rows} == expected


@pytest.mark.usefixtures("none_starts")
def test_a_server_that_did_not_start_is_tried_again_by_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pico.jsonl"
    Bench(path, "pico", 1, (BOOT,), (VLLM,)).go_on()
    monkeypatch.setattr(peers, "vllm", running)
    again = Bench(path, "pico", 1, (BOOT,), (VLLM,))
    again.go_on()
    assert [(row.value, row.why) for row in again.rows] == [(2.0, "")]


@pytest.mark.usefixtures("none_starts")
def test_what_needs_no_server_is_measured_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "service", lambda model, folder: at_rest(folder, OURS))
    bench = Bench(tmp_path / "pico.jsonl", "pico", 1, (BOOT, GATEWAY), (OURS,))
    bench.go_on()
    assert [(row["work"], row["value"]) for row in lines.read(bench.path)] == [(BOOT, 2.0), (GATEWAY, 20_000.0)]


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ({}, True),
        ({"rounds": 4}, True),
        ({"rounds": 2}, False),
        ({"only": ["stream"]}, False),
        ({"server": [OURS]}, False),
        ({"scale": 0.5}, False),
        ({"rounds": 1, "only": ["stream"], "write": True}, True),
    ],
)
def test_a_shortened_run_is_written_only_where_that_is_asked(
    options: dict[str, Any], written: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bench, "go_on", lambda self: self._keep(0, OURS, "stream", lambda: 90.0))
    monkeypatch.setattr("signal.signal", lambda *_: None)
    page = tmp_path / "page.md"
    page.write_text("# Results\n")
    program.main(model=["pico"], folder=tmp_path, page=page, **options)
    assert ("| 32 streams of 64 tokens, tok/s | 90.00 |" in page.read_text()) == written


def test_names_that_there_are_not_are_refused(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="there is no clouds"):
        program.main(model=["clouds"], folder=tmp_path)


def test_the_service_that_is_measured_has_a_warm_model_and_one_that_sleeps() -> None:
    models = config("nano")["applications"][0]["deployments"][0]["user_config"]["models"]
    assert [(one["id"], one["warm"]) for one in models] == [("nano", True), (TINY, False)]


@pytest.mark.parametrize("work", [one for one in WORKS.values() if OURS in one.servers], ids=lambda work: work.title)
def test_every_work_asks_each_server_for_something_new(work: Work) -> None:
    """A cache that another server's requests have filled would answer in its place: LiteLLM has the same vLLM behind it."""
    prompts = [json.dumps(work.bodies(Random(f"0 {server} {work.title} {warm_up}"), 1)) for server in SERVERS for warm_up in (True, False)]
    assert len({*prompts}) == len(prompts)
