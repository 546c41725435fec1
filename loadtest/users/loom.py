"""Somebody who explores a tree of text: siblings with twenty alternatives at each token, and then their children, all by token ids."""

from __future__ import annotations

import random

from locust import task

from loadtest.users import wishes
from loadtest.users.completion_user import CompletionUser

LOGPROBS = 20
#: Levels of a tree, and how much of a sibling its children begin with.
DEPTH, KEPT = 4, 0.5


class Loom(CompletionUser):
    row = "loom"

    @task
    def explore(self) -> None:
        """One tree, whose branches share their prefixes."""
        path = wishes.prompt()
        for _ in range(DEPTH):
            tokens = max(2, wishes.TOKENS // DEPTH)
            seen = self.stream({"prompt": path, "n": wishes.CHOICES, "logprobs": LOGPROBS, "max_tokens": tokens}, choices=wishes.CHOICES)
            if seen.error is not None:
                return
            sibling = random.choice(list(seen.ids.values()))
            path = path + sibling[: max(1, round(KEPT * len(sibling)))]
