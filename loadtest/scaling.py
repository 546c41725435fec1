"""A model that scales with its load: `python -m loadtest.scaling --model NAME --shape steps`.

Against a service that runs, with `ACS_API_BASE` and `ACS_API_KEY`; the model needs `max_replicas: 2` or more. Runs Locust with a shape
of `shapes.py`, looks at the model's replicas each half second, and prints JSON: when their number changed and how fast answers came
until the next change; the same by users and replicas, wherever that was the case for some time; and what was wrong with answers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

LOCUSTFILE = Path(__file__).with_name("locustfile.py")
LOOK_SECONDS = 0.5
#: Of fewer answers nothing is said.
ENOUGH = 20

Change = tuple[float, int]
Answer = dict[str, Any]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--model", default="nano")
    arguments.add_argument("--shape", choices=["steps", "sawtooth"], default="steps")
    arguments.add_argument("--after", type=float, default=0.0, help="seconds to look on after the load")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "answers.jsonl"
        changes = watch(given.model, given.shape, log, given.after)
        answers = [json.loads(line) for line in log.read_text().splitlines()]
    print(json.dumps(report(given.model, given.shape, changes, answers), indent=2))


def watch(model: str, shape: str, log: Path, after: float) -> list[Change]:
    """(Unix seconds, running replicas) at the beginning and at each change, until some time after the load."""
    environment = os.environ | {"LOAD_MODEL": model, "LOAD_SHAPE": shape, "LOAD_LOG": str(log)}
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), "--headless", "--host", os.environ["ACS_API_BASE"], "--only-summary"]
    command.append("Interactive")
    changes: list[Change] = []
    headers = {"Authorization": f"Bearer {os.environ['ACS_API_KEY']}"}
    with (
        httpx.Client(base_url=os.environ["ACS_API_BASE"], headers=headers, timeout=30) as api,
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as locust,
    ):
        until = float("inf")
        while time.time() < until:
            running = int(api.get(f"/models/{model}").json()["replicas"]["running"])
            if not changes or changes[-1][1] != running:
                changes.append((time.time(), running))
            if locust.poll() is not None and until == float("inf"):
                until = time.time() + after
            time.sleep(LOOK_SECONDS)
    return changes


def report(model: str, shape: str, changes: list[Change], answers: list[Answer]) -> dict[str, Any]:
    began = changes[0][0]
    ends = [moment for moment, _ in changes[1:]] + [float("inf")]
    spans: list[dict[str, Any]] = []
    asked: dict[tuple[int, int], list[Answer]] = {}
    for (moment, running), end in zip(changes, ends, strict=True):
        within = [one for one in answers if moment <= one["asked"] < end]
        spans.append({"from": round(moment - began, 1), "replicas": running, **speed(within)})
        for one in within:
            asked.setdefault((one["users"], running), []).append(one)
    errors = [one["error"] for one in answers if one["error"]]
    return {"model": model, "shape": shape, "answers": len(answers), "errors": errors, "spans": spans, "loads": by_load(asked)}


def by_load(asked: dict[tuple[int, int], list[Answer]]) -> list[dict[str, Any]]:
    rows = [{"users": users, "replicas": running, **speed(answers)} for (users, running), answers in sorted(asked.items())]
    return [row for row in rows if row["answers"] >= ENOUGH]


def speed(answers: list[Answer]) -> dict[str, Any]:
    """Median and 95th percentile of the milliseconds to the first token and to the end."""
    shown: dict[str, Any] = {"answers": len(answers)}
    for name in ("first", "seconds"):
        times = sorted(1000 * one[name] for one in answers if one[name] is not None)
        if len(times) >= ENOUGH:
            shown[name] = {"median": round(statistics.median(times)), "p95": round(statistics.quantiles(times, n=20)[-1])}
    return shown


if __name__ == "__main__":
    main()
