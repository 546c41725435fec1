"""What a Locust run found, as JSON: `--summary FILE`, and `-` for standard output."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from locust import events
from locust.env import Environment

from loadtest.users.metrics import KINDS


def option(parser: Any) -> None:
    parser.add_argument("--summary", help="a file for the run's numbers as JSON; - for standard output", env_var="LOAD_SUMMARY", default="")


def write(environment: Environment, **_: Any) -> None:
    where = environment.parsed_options.summary if environment.parsed_options else ""
    if where:
        text = json.dumps(summary(environment), indent=2) + "\n"
        sys.stdout.write(text) if where == "-" else Path(where).write_text(text)


def summary(environment: Environment) -> dict[str, Any]:
    stats = environment.stats
    failures = [{"row": one.name, "reason": str(one.error), "times": one.occurrences} for one in stats.errors.values()]
    rows = [row(entry) for _, entry in sorted(stats.entries.items())]
    seconds = (stats.last_request_timestamp or 0) - stats.start_time
    return {"seconds": round(seconds, 1), "requests": stats.num_requests, "failed": stats.num_failures, "failures": failures, "rows": rows}


def row(entry: Any) -> dict[str, Any]:
    """`kind` says what the numbers are; a request's are its milliseconds. Percentiles below 100 are rounded to whole numbers by Locust."""
    numbers = {"mean": entry.avg_response_time, "median": entry.median_response_time, "p95": entry.get_response_time_percentile(0.95)}
    numbers |= {"p99": entry.get_response_time_percentile(0.99), "max": entry.max_response_time, "per_second": entry.total_rps}
    shown = {name: round(value or 0, 3) for name, value in numbers.items()}
    tokens = {"tokens": entry.total_content_length} if entry.method in KINDS else {"failed": entry.num_failures}
    return {"row": entry.name, "kind": entry.method, "count": entry.num_requests, **shown, **tokens}


events.init_command_line_parser.add_listener(option)  # type: ignore[no-untyped-call]
events.quitting.add_listener(write)  # type: ignore[no-untyped-call]
