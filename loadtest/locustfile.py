"""Users of a completion service, for Locust: `locust -f loadtest/locustfile.py --headless --host $ACS_API_BASE`.

`ACS_API_KEY` is the key; `LOAD_MODEL`, `LOAD_TOKENS` and `LOAD_SHAPE` (steps or sawtooth) say what is asked. Each answer is a line of
JSON in the file `LOAD_LOG`: when it was asked for (Unix seconds), among how many users, seconds to the first token and to the end, tokens,
and the error.
"""

from __future__ import annotations

import json
import os
import random
import time
from typing import Any

from locust import HttpUser, LoadTestShape, constant, task

MODEL, TOKENS = os.environ.get("LOAD_MODEL", "nano"), int(os.environ.get("LOAD_TOKENS", "64"))
SHAPE, LOG = os.environ.get("LOAD_SHAPE", "steps"), os.environ.get("LOAD_LOG", os.devnull)
FEW, MANY = int(os.environ.get("LOAD_FEW", "1")), int(os.environ.get("LOAD_MANY", "16"))
#: Seconds: of each step, of one saw tooth, and of all teeth.
STEP, TOOTH, TEETH = (int(os.environ.get(f"LOAD_{name}", value)) for name, value in (("STEP", 60), ("TOOTH", 60), ("TEETH", 600)))


class Researcher(HttpUser):
    """Asks for one streamed completion after the other."""

    wait_time = constant(0)

    @task
    def complete(self) -> None:
        prompt = [random.randrange(300, 4000) for _ in range(16)]
        body = {"model": MODEL, "prompt": prompt, "max_tokens": TOKENS, "stream": True, "ignore_eos": True, "return_token_ids": True}
        headers = {"Authorization": f"Bearer {os.environ['ACS_API_KEY']}", "X-Wait-For-Model": "120"}
        asked, users, began = time.time(), self.environment.runner.user_count, time.monotonic()
        with self.client.post("/completions", json=body, headers=headers, stream=True, catch_response=True, name="stream") as response:
            found = read(response, began)
            found["seconds"] = time.monotonic() - began
            response.success() if found["error"] is None else response.failure(found["error"])
        with open(LOG, "a") as log:
            log.write(json.dumps({"asked": asked, "users": users, **found}) + "\n")


def read(response: Any, began: float) -> dict[str, Any]:
    """Reads a stream to its end: seconds to its first token, its tokens, and what was wrong with it."""
    first, tokens, done, error = None, 0, False, None if response.status_code == 200 else f"HTTP {response.status_code}"
    try:
        for line in response.iter_lines() if error is None else ():
            if line == b"data: [DONE]":
                done = True
            elif line.startswith(b"data: "):
                event = json.loads(line[6:])
                error = error or (event.get("error") or {}).get("code")
                tokens += sum(len(choice["token_ids"] or []) for choice in event.get("choices", ()))
                first = first or (time.monotonic() - began if tokens else None)
    except Exception as broken:
        error = type(broken).__name__
    if error is None and (not done or tokens != TOKENS):
        error = f"{tokens} of {TOKENS} tokens"
    return {"first": first, "tokens": tokens, "error": error}


class Load(LoadTestShape):
    """steps: few users, many, few. sawtooth: from few to many and back, again and again."""

    def tick(self) -> tuple[int, float] | None:
        now = float(self.get_run_time())  # type: ignore[no-untyped-call]
        users = steps(now) if SHAPE == "steps" else sawtooth(now)
        return None if users is None else (users, 100.0)


def steps(now: float) -> int | None:
    plan = [FEW, MANY, MANY, FEW, FEW]
    return plan[int(now // STEP)] if now < STEP * len(plan) else None


def sawtooth(now: float) -> int | None:
    """Users grow for a tooth and then fall at once."""
    return None if now >= TEETH else FEW + round((MANY - FEW) * (now % TOOTH) / TOOTH)
