"""Starting Redis, Ray and Serve for a home, in this order, and undoing all of it when a step fails."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from basemodel import first_key
from basemodel.cluster import boot, embedded_redis, metrics, ray_head
from basemodel.cluster.config import ServeConfig
from basemodel.cluster.processes import Identity, marked, title
from basemodel.cluster.state import State
from basemodel.cluster.stop import sweep
from deployments import launch
from router.catalogue import ModelSpec
from router.settings import Settings, embedded_redis_url

#: The import path of a model's app in the config.
MODEL_APPLICATION = "deployments.model:build"

#: Step or application -> how far it is, as it changes.
Tell = Callable[[dict[str, str]], None]


@dataclass(frozen=True)
class Start:
    """One start; the caller holds the home's lock."""

    settings: Settings
    config: ServeConfig
    detached: bool
    tell: Tell

    def run(self) -> State:
        """The state once the API answers. Raises Failure, BudgetError; then nothing is left running."""
        try:
            return self._run()
        except BaseException:
            sweep(self.settings.home)
            raise

    def _run(self) -> State:
        home = self.settings.home
        (home / "logs").mkdir(exist_ok=True)
        ray_head.make_token(home)
        environment, metrics_port = ray_head.environment(home, self.config.source.parent), metrics.wanted_port()
        state = self._first_state()
        state.write(home)
        launch.warm(self._models(), home, environment)  # it imports while Redis and Ray start
        state = replace(state, redis=self._redis(environment))
        state.write(home)
        self.tell({"Ray": "starting"})
        state = replace(state, ray_address=ray_head.start(home, environment, metrics_port))
        state.write(home)
        self.tell({"Ray": "RUNNING"})
        boot.deploy(str(state.ray_address), self.config.write(home), home, environment, self.tell)
        boot.await_http(state.base_url)
        state = replace(state, phase="running", owner=None if self.detached else state.owner)
        state.write(home)
        return state

    def _models(self) -> list[ModelSpec]:
        applications = self.config.content["applications"]
        return [ModelSpec.model_validate(one["args"]) for one in applications if one.get("import_path") == MODEL_APPLICATION]

    def _first_state(self) -> State:
        owner = Identity.of(os.getpid())
        config, public_url = self.config, self.settings.public_url
        where = (str(config.source), config.host, config.port)
        return State("starting", int(time.time()), *where, owner=owner, tls=config.tls, public_url=public_url)

    def _redis(self, environment: dict[str, str]) -> Identity | None:
        """Redis is there and holds the first key; the identity of the server if it is ours."""
        embedded = self.settings.redis_url == embedded_redis_url(self.settings.home)
        self.tell({"Redis": "starting"})
        identity = embedded_redis.start(self.settings.home, environment) if embedded else None
        asyncio.run(first_key.ensure(self.settings))
        self.tell({"Redis": "RUNNING"})
        return identity


def running(home: Path) -> State | None:
    """The state of a service that is up: a start that was finished and whose raylet lives."""
    state = State.read(home)
    if state is None or state.phase != "running":
        return None
    return state if any(title(process) == "raylet" for process in marked(home)) else None
