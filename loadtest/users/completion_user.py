"""What all users have in common: a key, and asking so that whatever is wrong with an answer is a failure with its reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from locust import HttpUser, constant

from loadtest.users import answers, metrics, wishes
from loadtest.users.answers import Asked
from loadtest.users.stream import Stream

#: What failed is not tried again at once.
AGAIN_SECONDS = 0.5


class CompletionUser(HttpUser):
    """`row`: what its rows are called."""

    abstract = True
    wait_time = constant(0)
    row = ""

    def on_start(self) -> None:
        self.client.headers["Authorization"] = f"Bearer {next(wishes.KEYS)}"
        self.client.headers["X-Wait-For-Model"] = wishes.PATIENCE

    def stream(self, body: dict[str, Any], choices: int = 1, scored: int = 0) -> Stream:
        """Reads a completion to its end and notes how it came. Each choice must have all its tokens; `scored` of the prompt come before."""
        stream = Stream(time.monotonic())
        whole = {"model": wishes.MODEL, "stream": True, "ignore_eos": True, "return_token_ids": True, **body}
        with self.client.post("/completions", json=whole, stream=True, catch_response=True, name=self.row) as response:
            stream.error = refusal(response)
            if stream.error is None:
                stream.read(response.iter_lines(chunk_size=None))
                stream.error = stream.fault(choices, whole["max_tokens"], scored)
            self._end(response, stream.began, stream.error)
        metrics.note_stream(self.environment, self.row, stream)
        self._log(Asked(self.row, stream, response.status_code, answers.length(body["prompt"]), choices * whole["max_tokens"]))
        return stream

    def whole(self, path: str, body: dict[str, Any], row: str, counts: Callable[[dict[str, Any]], tuple[int, int]]) -> None:
        """`counts` tells of an answer how many tokens it has and how many it should have; all it costs are its texts."""
        stream = Stream(time.monotonic())
        with self.client.post(path, json={"model": wishes.MODEL, **body}, catch_response=True, name=row) as response:
            found, wanted, stream.error = 0, 0, refusal(response)
            if stream.error is None:
                found, wanted = counts(response.json())
                stream.error = None if found == wanted else f"short: {found} of {wanted} tokens"
            self._end(response, stream.began, stream.error, row)
        if stream.error is None:
            metrics.note(self.environment, metrics.RATE, row, found / (time.monotonic() - stream.began), found)
        self._log(Asked(row, stream, response.status_code, sum(answers.length(body[name]) for name in ("prompt", "continuations")), 0))

    def _log(self, asked: Asked) -> None:
        answers.log(asked, self.environment.runner.user_count if self.environment.runner else 0)
        if asked.stream.error is not None:
            time.sleep(AGAIN_SECONDS)

    def _end(self, response: Any, began: float, fault: str | None, row: str = "") -> None:
        """Locust's own time of a streamed answer is that to its headers."""
        response.request_meta["response_time"] = 1000 * (time.monotonic() - began)
        response.success() if fault is None else response.failure(fault)
        if (waited := (response.headers or {}).get("x-queue-wait-ms")) is not None:
            metrics.note(self.environment, metrics.QUEUE_WAIT, row or self.row, float(waited))


def refusal(response: Any) -> str | None:
    """Why there is no answer."""
    if response.status_code == 200:
        return None
    if not response.status_code:
        return "no answer"
    try:
        return f"{response.status_code} {response.json()['error']['code']}"
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} without an error of ours"
