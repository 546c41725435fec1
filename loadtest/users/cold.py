"""A class that opens its notebooks: many ask a model at once, which may be cold, and wait for it. TTFT is with the boot.

Each group asks again after `LOAD_PAUSE` seconds: with more than the model's `idle_seconds`, it is cold each time.
"""

from __future__ import annotations

import os

import gevent  # type: ignore[import-untyped]
from locust import constant, task

from loadtest.users import wishes
from loadtest.users.completion_user import CompletionUser

MODEL = os.environ.get("LOAD_COLD_MODEL", wishes.MODEL)


class ColdBurst(CompletionUser):
    row = "cold burst"
    wait_time = constant(wishes.PAUSE)

    @task
    def burst(self) -> None:
        gevent.joinall([gevent.spawn(self._one) for _ in range(wishes.BURST)])

    def _one(self) -> None:
        self.stream({"model": MODEL, "prompt": wishes.prompt(), "max_tokens": min(8, wishes.TOKENS)})
