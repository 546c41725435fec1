"""Cold boots through the whole service: `python -m loadtest.cold --model dozer --boots 10`.

Against a service that runs, with `ACS_API_BASE` and `ACS_API_KEY`. Each turn waits until the model is cold, wakes it, asks
once with `X-Wait-For-Model` and a stream, and notes the seconds to the first token and the ETA that was told at the beginning. Prints JSON:
seconds, their median, and the median error of the ETA as a share of what it took. Give the model a short `idle_seconds`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from typing import Any

import httpx

COLD_SECONDS = 600.0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="nano")
    arguments.add_argument("--boots", type=int, default=10)
    given = arguments.parse_args()
    headers = {"Authorization": f"Bearer {os.environ['ACS_API_KEY']}"}
    with httpx.Client(base_url=os.environ["ACS_API_BASE"], headers=headers, timeout=COLD_SECONDS) as api:
        turns = [turn(api, given.model) for _ in range(given.boots)]
    print(json.dumps(summary(given.model, turns)))


def turn(api: httpx.Client, model: str) -> dict[str, Any]:
    """One boot: the ETA that was told at its beginning, and the seconds to the first token and to ready."""
    asleep(api, model)
    body = {"model": model, "prompt": "The", "max_tokens": 4, "stream": True}
    began = time.monotonic()
    told = api.post(f"/models/{model}/warm").json()["eta_seconds"]
    with api.stream("POST", "/completions", json=body, headers={"X-Wait-For-Model": "900"}) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                assert "error" not in json.loads(line[6:]), line
                return {"eta": told, "seconds": round(time.monotonic() - began, 3)}
    raise RuntimeError("the stream ended without a token")


def asleep(api: httpx.Client, model: str) -> None:
    until = time.monotonic() + COLD_SECONDS
    while api.get(f"/models/{model}").json()["state"] != "cold":
        assert time.monotonic() < until, f"{model} did not go to sleep"
        time.sleep(0.2)
    time.sleep(1.0)  # its processes are gone too


def summary(model: str, turns: list[dict[str, Any]]) -> dict[str, Any]:
    known = [turn for turn in turns if turn["eta"] is not None]
    errors = [abs(turn["eta"] - turn["seconds"]) / turn["seconds"] for turn in known]
    seconds = [turn["seconds"] for turn in turns]
    return {
        "model": model,
        "seconds": seconds,
        "median": round(statistics.median(seconds), 3),
        "worst": max(seconds),
        "etas": [turn["eta"] for turn in turns],
        "median_eta_error": round(statistics.median(errors), 3) if errors else None,
    }


if __name__ == "__main__":
    main()
