"""What `status` shows of a moment, as tables, and `status --watch` as one screen of 80 columns."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from basemodel import console
from basemodel.seen import Seen

MIB = 1 << 20
MOST_ACCOUNTS = 8
#: From then on a moment is shown with its age: something does not answer.
STALE_SECONDS = 5.0
UNKNOWN = "-"


def tables(seen: Seen) -> Group:
    models = [[str(model.get("id")), str(model.get("state", ""))] for model in seen.models]
    processes = [[str(found["pid"]), f"{found['memory'] / MIB:.0f} MiB", found["title"]] for found in seen.processes]
    parts = [(["model", "state"], models), (["process", "memory", "what"], processes)]
    return Group(*_troubles(seen), *(console.table(columns, rows) for columns, rows in parts if rows))


def screen(seen: Seen) -> Group:
    parts: list[Text | Table] = [Text(seen.sentence(), no_wrap=True, overflow="ellipsis"), _service(seen), *_troubles(seen)]
    age = time.monotonic() - seen.at
    if age > STALE_SECONDS:
        parts.append(Text(f"As of {age:.0f} s ago: something does not answer.", style="red"))
    if seen.models:
        parts += [Text(), _models(seen)]
    if seen.accounts:
        parts += [Text(), _accounts(seen)]
    return Group(*parts, Text(), Text("q ends this", style="dim"))


def _troubles(seen: Seen) -> list[Text]:
    return [Text(trouble, style="red") for trouble in seen.troubles]


def _service(seen: Seen) -> Text:
    numbers = seen.load.service
    names = ("running_requests", "waiting_requests", "spool_entries")
    running, waiting, spooled = (_number(numbers.get(f"basemodel_{name}")) for name in names)
    memory = sum(found["memory"] for found in seen.processes)
    closed = Text("  accounting is closed", style="red") if numbers.get("basemodel_accounting_open") == 0 else Text()
    said = f"requests {running}  queue {waiting}  spool {spooled}  memory {memory / MIB:,.0f} MiB in {len(seen.processes)} processes"
    return Text(said, no_wrap=True, overflow="ellipsis").append_text(closed)


def _models(seen: Seen) -> Table:
    rows = [_model(seen, model) for model in seen.models]
    return _narrow(["model", "state", "batch", "waiting", "cache", "made"], rows)


def _model(seen: Seen, model: dict[str, Any]) -> list[str]:
    name = str(model.get("id"))
    names = ("num_requests_running", "num_requests_waiting", "generation_tokens_total")
    batch, waiting, made = (seen.load.of(name, f"vllm_{what}") for what in names)
    cache = seen.load.of(name, "vllm_kv_cache_usage_ratio")
    return [name, _state(model), _number(batch), _number(waiting), UNKNOWN if cache is None else f"{cache:.0%}", _number(made)]


def _state(model: dict[str, Any]) -> str:
    state = str(model.get("state", ""))
    if state != "starting":
        return state
    eta = model.get("eta_seconds")
    return f"{model.get('phase') or state}, {eta} s" if eta is not None else str(model.get("phase") or state)


def _accounts(seen: Seen) -> Table:
    numbers = ("used", "held", "remaining", "cap")
    rows = [[str(one["name"]), *(_number(one[what]) for what in numbers)] for one in seen.accounts[:MOST_ACCOUNTS]]
    if len(seen.accounts) > MOST_ACCOUNTS:
        rows.append([f"and {len(seen.accounts) - MOST_ACCOUNTS} more", *("" for _ in numbers)])
    return _narrow(["account", "used", "held", "left", "a month"], rows)


def _narrow(columns: list[str], rows: list[list[str]]) -> Table:
    """Never wider than the terminal, and a row never higher than a line; numbers stand under each other."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        left = place == 0 or column == "state"
        made.add_column(column, no_wrap=True, overflow="ellipsis", max_width=28, justify="left" if left else "right")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"
