"""What ran at one moment: the processes, the models, how busy they are, and what the accounts have left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from basemodel import api, load, store
from basemodel.cluster import embedded_redis, metrics
from basemodel.cluster.processes import marked, title
from basemodel.cluster.start import running
from basemodel.cluster.state import State
from basemodel.failure import Failure
from basemodel.load import Load
from budgets.accounts import Accounts
from budgets.usage import Usage
from router.settings import embedded_redis_url, home_folder, read_redis_url


@dataclass(frozen=True)
class Seen:
    """`at` is monotonic. `troubles` are sentences that say what to do. `processes` have `memory` in resident bytes; `accounts`
    those of `GET /v1/usage`, the most used first."""

    home: str
    state: State | None
    running: bool
    processes: list[dict[str, Any]]
    models: list[dict[str, Any]]
    metrics: str | None = None
    load: Load = field(default_factory=Load)
    accounts: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    redis_answers: bool | None = None
    at: float = field(default_factory=time.monotonic)

    @classmethod
    def now(cls, closely: bool = False) -> Seen:
        """`closely`: with load and accounts, which take a little longer."""
        home = home_folder()
        state, processes = running(home), [_facts(process) for process in marked(home)]
        if state is None:
            return cls(str(home), State.read(home), False, processes, [])
        answers = _redis_answers(home, state)
        models, troubles = _models() if answers else ([], [_silent_redis(state)])
        close = (load.read(home), _accounts() if answers else []) if closely else (Load(), [])
        return cls(str(home), state, True, processes, models, metrics.address(home), *close, troubles, answers)

    def document(self) -> dict[str, Any]:
        where = {"base": f"{self.state.base_url}/v1", "ray_address": self.state.ray_address, "metrics": self.metrics} if self.state else {}
        health = {"running": self.running, "redis_answers": self.redis_answers, "troubles": self.troubles}
        return {**health, "home": self.home, **where, "models": self.models, "processes": self.processes}

    def close_document(self) -> dict[str, Any]:
        return {**self.document(), "load": self.load.service, "load_by_model": self.load.models, "accounts": self.accounts}

    def sentence(self) -> str:
        if self.running and self.state:
            return f"Running at {self.state.base_url}/v1 since {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(self.state.started))}."
        if self.processes:
            return "Starting, or what a crashed start left; `basemodel down` clears it."
        return "Nothing runs here; start it with `basemodel up`."


def _facts(process: psutil.Process) -> dict[str, Any]:
    try:
        return {"pid": process.pid, "title": title(process), "memory": process.memory_info().rss}
    except psutil.Error:
        return {"pid": process.pid, "title": "just ended", "memory": 0}


def _redis_answers(home: Path, state: State) -> bool:
    return embedded_redis.answers(embedded_redis_url(home) if state.redis else read_redis_url(home))


def _silent_redis(state: State) -> str:
    if state.redis is None:
        return "The Redis of BASEMODEL_REDIS_URL does not answer, so nothing is served; start it or correct the URL."
    return "The embedded Redis does not answer, so nothing is served; `basemodel up` starts it again."


def _models() -> tuple[list[dict[str, Any]], list[str]]:
    """With why they cannot be listed."""
    try:
        return api.models(), []
    except Failure as error:
        return [], [f"The models cannot be listed: {error}"]


def _accounts() -> list[dict[str, Any]]:
    async def found(opened: store.Store) -> list[dict[str, Any]]:
        usage = Usage(opened.redis)
        listed = [(await usage.of_account(account.id)).account.document() for account in await Accounts(opened.redis).list()]
        return sorted(listed, key=lambda one: (-one["used"] - one["held"], one["name"]))

    try:
        return store.run(found)
    except Failure:
        return []
