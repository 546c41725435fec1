"""`basemodel status`: what runs, since when, and how the models are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated, Any

import psutil
import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from basemodel import api, console
from basemodel.cluster.processes import marked, title
from basemodel.cluster.start import running
from basemodel.cluster.state import State
from basemodel.failure import Failure
from router.settings import home_folder

WATCH_SECONDS = 1.0
MIB = 1 << 20


def status(
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every second until Ctrl-C.")] = False, as_json: console.Json = False
) -> None:
    """Show what runs."""
    if not watch or as_json:
        seen = Seen.now()
        console.answer(as_json, seen.document(), seen.sentence())
        if not as_json:
            console.people.print(seen.tables())
        return
    try:
        with Live(Seen.now().screen(), console=console.people, auto_refresh=False) as live:
            while True:
                time.sleep(WATCH_SECONDS)
                live.update(Seen.now().screen(), refresh=True)
    except KeyboardInterrupt:
        return


@dataclass(frozen=True)
class Seen:
    """What was running at one moment. `memory` is resident bytes."""

    home: str
    state: State | None
    running: bool
    processes: list[dict[str, Any]]
    models: list[dict[str, Any]]

    @classmethod
    def now(cls) -> Seen:
        home = home_folder()
        up = running(home) is not None
        return cls(str(home), State.read(home), up, [_facts(process) for process in marked(home)], _models() if up else [])

    def document(self) -> dict[str, Any]:
        where = {"base": f"{self.state.base_url}/v1", "ray_address": self.state.ray_address} if self.state else {}
        return {"running": self.running, "home": self.home, **where, "models": self.models, "processes": self.processes}

    def sentence(self) -> str:
        if self.running and self.state:
            return f"Running at {self.state.base_url}/v1 since {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(self.state.started))}."
        if self.processes:
            return "Starting, or what a crashed start left; `basemodel down` clears it."
        return "Nothing runs here; start it with `basemodel up`."

    def tables(self) -> Group:
        models = [[str(model.get("id")), str(model.get("state", ""))] for model in self.models]
        processes = [[str(found["pid"]), f"{found['memory'] / MIB:.0f} MiB", found["title"]] for found in self.processes]
        parts = [(["model", "state"], models), (["process", "memory", "what"], processes)]
        return Group(*(console.table(columns, rows) for columns, rows in parts if rows))

    def screen(self) -> Group:
        return Group(Text(self.sentence()), self.tables())


def _facts(process: psutil.Process) -> dict[str, Any]:
    try:
        return {"pid": process.pid, "title": title(process), "memory": process.memory_info().rss}
    except psutil.Error:
        return {"pid": process.pid, "title": "just ended", "memory": 0}


def _models() -> list[dict[str, Any]]:
    try:
        return api.models()
    except Failure:
        return []
