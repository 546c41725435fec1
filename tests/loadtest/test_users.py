"""Every Locust user at once, headless on the scripted engine, as somebody would run it; and what a user calls a failure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from budgets.accounts import Accounts
from budgets.keys import Keys
from budgets.secret import Secret
from budgets.usage import Usage
from loadtest.gateways import CHECKOUT, SECRET, Gateway, free_port
from loadtest.users.metrics import INTER_TOKEN, QUEUE_WAIT, RATE, TTFT, note_stream
from loadtest.users.stream import Stream

USERS = 5
#: At its end every user finishes what it has begun, so that all tokens can be counted.
RUN = ("--users", str(USERS), "--spawn-rate", "100", "--run-time", "20s", "--stop-timeout", "60")
STREAMED = ("cold burst", "interactive", "loom", "rollouts", "scoring: echo")
SECONDS_PER_DELTA = 0.01


async def keys(redis: Redis) -> str:
    """One for each user."""
    account = (await Accounts(redis).create("lab")).id
    made = [await Keys(redis, Secret.parse(SECRET)).create(account, f"user {number}") for number in range(USERS)]
    return ",".join(shown for shown, _ in made)


def locust(base: str, api_keys: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which it patches."""
    command = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless", "--host", f"{base}/v1", "--only-summary"]
    asked = {"LOAD_MODEL": "pico", "LOAD_TOKENS": "16", "LOAD_BURST": "4", "LOAD_LOG": str(folder / "log")}
    environment = os.environ | asked | {"ACS_API_KEY": api_keys}
    given = [*command, "--summary", str(folder / "summary.json"), *options]
    return subprocess.run(given, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=100, check=False)


async def test_every_user_gets_tokens_and_tells_how_fast_they_came(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    gateway = Gateway(redis_url, tmp_path / "home", SECONDS_PER_DELTA)
    try:
        await gateway.start()
        run = locust(gateway.base, await keys(redis), tmp_path, *RUN)
    finally:
        gateway.stop()
    assert run.returncode == 0, run.stderr
    found = json.loads((tmp_path / "summary.json").read_text())
    assert (found["failed"], found["failures"]) == (0, [])
    answers = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    (account,) = [one.id for one in await Accounts(redis).list()]
    assert (await Usage(redis).of_account(account)).account.balance.used == sum(one["least"] for one in answers)
    rows = {(row["row"], row["kind"]): row for row in found["rows"]}
    for row in (*STREAMED, "scoring: score"):
        assert rows[row, "POST"]["count"] > 0
        assert rows[row, RATE]["tokens"] >= 16
        assert rows[row, RATE]["mean"] > 0
        assert rows[row, QUEUE_WAIT]["count"] == rows[row, "POST"]["count"]
    for row in STREAMED:
        assert rows[row, TTFT]["mean"] >= 1000 * SECONDS_PER_DELTA
        assert rows[row, INTER_TOKEN]["mean"] >= 0.8 * 1000 * SECONDS_PER_DELTA
        assert rows[row, INTER_TOKEN]["count"] > rows[row, TTFT]["count"]


def test_what_cannot_be_reached_is_a_failure_and_the_run_says_so(tmp_path: Path) -> None:
    run = locust(f"http://127.0.0.1:{free_port()}", "none", tmp_path, "--users", "1", "--run-time", "2s", "Interactive")
    found = json.loads((tmp_path / "summary.json").read_text())
    assert run.returncode == 1
    assert found["failed"] > 0
    assert {(one["row"], one["reason"]) for one in found["failures"]} == {("interactive", "no answer")}


def event(index: int, ids: list[int] | None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": index, "token_ids": ids, "logprobs": None, "finish_reason": finish, **more}
    return b"data: " + json.dumps({"choices": [choice]}).encode()


DONE = b"data: [DONE]"
ERROR: dict[str, Any] = {"error": {"code": "engine_error"}}


def cut() -> Iterator[bytes]:
    yield event(0, [1])
    raise httpx.ReadError("gone")


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ([event(0, [1]), b": a comment", event(0, [2], "length"), DONE], None),
        ([event(0, [1], "length"), DONE], "short: 1 of 2 tokens"),
        ([event(0, [1, 2], "length")], "cut: no [DONE]"),
        (cut(), "cut: ReadError"),
        ([event(0, [1, 2]), DONE], "0 of 1 choices said that they end"),
        ([event(0, [1, 2], "length"), event(1, [3]), DONE], "short: 2 of 2 tokens"),
        ([event(0, [1]), b"data: " + json.dumps(ERROR).encode(), DONE], "engine_error within the stream"),
    ],
)
def test_a_failed_cut_or_short_stream_is_a_failure_with_its_reason(lines: Any, fault: str | None) -> None:
    assert Stream(0.0).read(lines).fault(choices=1, tokens=2) == fault


def test_rows_of_the_prompt_that_are_missing_make_a_stream_short() -> None:
    stream = Stream(0.0).read([event(0, [1, 2], "length"), DONE])
    stream.rows = 5
    assert stream.fault(1, 2, scored=3) is None
    assert stream.fault(1, 2, scored=4) == "short: 5 of 6 rows"


def read_at(monkeypatch: pytest.MonkeyPatch, lines: list[tuple[float, bytes]]) -> Stream:
    """A stream that began at 0, and what came of it at which second."""
    clock = iter([at for at, line in lines if line != DONE])
    monkeypatch.setattr("loadtest.users.stream.time.monotonic", lambda: next(clock))
    return Stream(0.0).read(line for _, line in lines)


def test_the_time_between_tokens_is_that_of_one_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two choices take turns, so an event comes twice as often as a token of each."""
    came = [(1.0, event(0, [1])), (1.25, event(1, [1])), (2.0, event(0, [2])), (2.25, event(1, [2])), (3.0, event(0, [], "length"))]
    stream = read_at(monkeypatch, [*came, (3.25, event(1, [3, 4], "length")), (3.5, DONE)])
    assert stream.first == 1.0
    assert stream.gaps == [1.0, 1.0, 0.5, 0.5]
    assert stream.ids == {0: [1, 2], 1: [1, 2, 3, 4]}


def test_an_echoed_prompt_is_what_comes_first_and_no_token_that_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = event(0, [], logprobs={"token_logprobs": [None, -1.0], "token_ids": [1, 2]})
    stream = read_at(monkeypatch, [(1.0, prompt), (2.0, event(0, [3])), (5.0, event(0, [4], "length")), (5.0, DONE)])
    assert (stream.first, stream.gaps, stream.rows) == (1.0, [3.0], 2)


def test_text_without_ids_counts_as_one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    came = [(float(at), event(0, None, text=text)) for at, text in ((1, "a"), (3, "bc"), (4, ""))]
    assert read_at(monkeypatch, came).gaps == [2.0]


class Kept:
    """As far as `metrics` asks Locust's environment: what each row was told."""

    def __init__(self) -> None:
        self.stats, self.told = self, dict[str, list[float]]()

    def get(self, name: str, kind: str) -> Kept:
        self._of = self.told.setdefault(kind, [])
        return self

    def log(self, value: float, tokens: int) -> None:
        self._of.append(value)


def test_what_came_before_a_stream_was_cut_counts_and_its_rate_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for error, kinds in (("cut", {TTFT, INTER_TOKEN}), (None, {TTFT, INTER_TOKEN, RATE})):
        kept, stream = Kept(), read_at(monkeypatch, [(1.0, event(0, [1])), (3.0, event(0, [2]))])
        stream.error = error
        monkeypatch.undo()
        note_stream(kept, "row", stream)  # type: ignore[arg-type]
        assert ({*kept.told}, kept.told[TTFT], kept.told[INTER_TOKEN]) == (kinds, [1000.0], [2000.0])


def test_a_stream_without_a_token_tells_nothing() -> None:
    kept = Kept()
    note_stream(kept, "row", Stream(0.0, error="cut: no [DONE]"))  # type: ignore[arg-type]
    assert kept.told == {}
