"""A program that samples much at once: several prompts, several choices of each, all streamed."""

from __future__ import annotations

from locust import task

from loadtest.users import wishes
from loadtest.users.completion_user import CompletionUser


class Rollouts(CompletionUser):
    row = "rollouts"

    def on_start(self) -> None:
        super().on_start()
        self.client.headers["X-Acs-Workload"] = "batch"

    @task
    def sample(self) -> None:
        prompts = [wishes.prompt() for _ in range(wishes.PROMPTS)]
        body = {"prompt": prompts, "n": wishes.CHOICES, "max_tokens": wishes.TOKENS, "temperature": 1.0}
        self.stream(body, choices=wishes.PROMPTS * wishes.CHOICES)
