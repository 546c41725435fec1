"""An evaluation: continuations of one prompt by `/v1/score`, and whole texts by `echo`, streamed so that their first rows count."""

from __future__ import annotations

from typing import Any

from locust import task

from loadtest.users import wishes
from loadtest.users.completion_user import CompletionUser

CONTINUATIONS, CONTINUATION_LENGTH = 8, 8
ECHO_TOKENS = 4


class Scoring(CompletionUser):
    row = "scoring: echo"

    @task
    def score(self) -> None:
        continuations = [wishes.prompt(CONTINUATION_LENGTH) for _ in range(CONTINUATIONS)]
        self.whole("/score", {"prompt": wishes.prompt(), "continuations": continuations}, "scoring: score", scored)

    @task
    def echo(self) -> None:
        prompt = wishes.prompt()
        self.stream({"prompt": prompt, "echo": True, "logprobs": 1, "max_tokens": ECHO_TOKENS}, scored=len(prompt))


def scored(document: dict[str, Any]) -> tuple[int, int]:
    """Tokens that have a logprob, and how many should."""
    rows = [one for result in document["results"] for one in result["token_logprobs"]]
    return sum(one is not None for one in rows), CONTINUATIONS * CONTINUATION_LENGTH
