"""Is the first request after a boot as fast as the second? `python -m loadtest.first_request --model nano --boots 3`.

Against a service that runs, with `ACS_API_BASE` and `ACS_API_KEY`. For each kind of request the model is booted anew, and
three of that kind are sent, one after the other, none of whose prompts begins as another's. Prints JSON: by kind the
milliseconds of the first, second and third, medians over the boots. Give the model a short `idle_seconds`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from typing import Any

import httpx

from loadtest.cold import COLD_SECONDS, asleep

PROMPT_TOKENS, ASKED = 256, 3
KINDS: dict[str, dict[str, Any]] = {
    "greedy": {"temperature": 0},
    "sampled, seed": {"seed": 7, "top_p": 0.9, "top_k": 50, "min_p": 0.01},
    "logprobs": {"logprobs": 20},
    "prompt_logprobs": {"prompt_logprobs": 20},
    "penalties, bias": {"presence_penalty": 1, "frequency_penalty": 1, "repetition_penalty": 1.1, "logit_bias": {"300": 5}},
    "n 8": {"n": 8},
    "max_tokens 0, echo": {"max_tokens": 0, "echo": True, "logprobs": 5},
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="nano")
    arguments.add_argument("--boots", type=int, default=3)
    given = arguments.parse_args()
    headers = {"Authorization": f"Bearer {os.environ['ACS_API_KEY']}"}
    with httpx.Client(base_url=os.environ["ACS_API_BASE"], headers=headers, timeout=COLD_SECONDS) as api:
        print(json.dumps({kind: medians([turn(api, given.model, kind) for _ in range(given.boots)]) for kind in KINDS}, indent=2))


def turn(api: httpx.Client, model: str, kind: str) -> list[float]:
    """Milliseconds of the first requests after one boot."""
    asleep(api, model)
    api.post(f"/models/{model}/warm").raise_for_status()
    while api.get(f"/models/{model}").json()["state"] != "ready":
        time.sleep(0.05)
    return [timed(api, model, kind) for _ in range(ASKED)]


def timed(api: httpx.Client, model: str, kind: str) -> float:
    prompt = [random.randrange(300, 4000) for _ in range(PROMPT_TOKENS)]
    body = {"model": model, "prompt": prompt, "max_tokens": 8, "ignore_eos": True, **KINDS[kind]}
    began = time.monotonic()
    api.post("/completions", json=body).raise_for_status()
    return 1000 * (time.monotonic() - began)


def medians(turns: list[list[float]]) -> list[float]:
    return [round(statistics.median(column), 1) for column in zip(*turns, strict=True)]


if __name__ == "__main__":
    main()
