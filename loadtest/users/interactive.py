"""Somebody who reads along: one streamed completion after the other."""

from __future__ import annotations

from locust import task

from loadtest.users import wishes
from loadtest.users.completion_user import CompletionUser


class Interactive(CompletionUser):
    row = "interactive"

    @task
    def complete(self) -> None:
        self.stream({"prompt": wishes.prompt(), "max_tokens": wishes.TOKENS})
