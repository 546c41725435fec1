"""One Serve app per model: `Model`, a thin actor that owns a model host, under a stub ingress.

No `from __future__ import annotations` here: Serve reads the builder's annotation to validate `args`.
"""

import logging
import time
from typing import Any

import msgspec
from ray import serve
from ray.serve.config import AutoscalingConfig
from ray.serve.schema import LoggingConfig

from budgets.store import connect
from deployments.affinity import request_router
from deployments.autoscaling import autoscaling
from deployments.boot_report import BootReport
from deployments.channels import door_path
from deployments.doors import close_replica_doors
from deployments.engine_measures import EngineMeasures, MeasuredBoots
from deployments.frames import socket_folder
from deployments.host_process import HostProcess
from deployments.messages import Failed, FailureKind
from deployments.metrics import Exporter
from deployments.resources import resources
from deployments.spare import SpareKeeper
from router import log as json_log
from router.boots import Boots
from router.catalogue import ModelSpec
from router.engine import Job
from router.settings import home_folder, read_redis_url
from router.wishes import Wishes

DEPLOYMENT = "Model"
APP_PREFIX = "model-"

#: Beyond the longest that a request may take: no running stream is cut by an update.
DRAIN_SECONDS = 60.0
#: Serve gives up a model whose replica could not be started so often; nobody would be there to say "again".
MOST_STARTS = 1_000_000
#: So many that nobody waits at Serve's handle, first come first served: whose turn it is, the host decides (`turns.py`).
MAX_ONGOING_REQUESTS = 10_000

log = logging.getLogger("basemodel.model")

close_replica_doors()


class Model:
    """The Serve replica: routing, load and life cycle are Serve's; the engine is its host's."""

    async def __init__(self, spec_json: str) -> None:  # type: ignore[misc]  # Serve awaits it
        """Returns when the engine is ready, however often its boot has to be tried.

        Never raises for a failed boot: three failed constructors would be final for Serve.
        """
        json_log.install("replica")
        self._spec = ModelSpec.model_validate_json(spec_json)
        self._decoder = msgspec.msgpack.Decoder(Job)
        home = home_folder()
        redis = connect(read_redis_url(home))
        self._replica = serve.get_replica_context().replica_id.unique_id
        self._report = BootReport(Boots(redis), Wishes(redis), self._spec, self._replica, lambda: self._host.busy)
        await self._report.begin()
        folder = socket_folder(home)
        self._spare = SpareKeeper(folder)
        listener = MeasuredBoots(self._spec.id, self._report)
        self._host = HostProcess(self._spec, folder, listener, door=door_path(folder, self._replica))
        self._exporter = Exporter(EngineMeasures(self._spec.id, self._host))
        await self._host.ready()
        self._began = time.monotonic()
        await self._report.flush()

    async def generate(self, job: bytes, address: str, stream: int) -> tuple[str, str, str] | None:
        """Runs a job whose tokens go to a frame stream; None, or how it failed, why, and at which replica."""
        if not self._host.booted:
            return FailureKind.NOT_READY.value, f"the engine is {self._host.phase}: {self._host.reason}", self._replica
        decoded = self._decoder.decode(job)
        json_log.about(decoded.request_id, decoded.id)
        outcome = await self._host.run(decoded, address, stream)
        return self._failed(outcome) if isinstance(outcome, Failed) else None

    def _failed(self, outcome: Failed) -> tuple[str, str, str]:
        log.warning("a job ended with %s: %s", outcome.kind.value, outcome.reason)
        return outcome.kind.value, outcome.reason, self._replica

    async def facts(self) -> dict[str, Any]:
        """Phase, engine version and how many requests the engine runs. Raises TimeoutError."""
        pong = await self._host.ping()
        return {"phase": self._host.phase, "engine_version": self._host.engine_version, "running": pong.running}

    def record_autoscaling_stats(self) -> dict[str, float]:
        """The load that `autoscaling.py` goes by: of sequences and of prompt tokens, not of Serve's calls."""
        load, now = self._host.load, time.monotonic()
        return {
            "sequences": load["running"],
            "prefill_tokens": load["prefill"],
            "idle_seconds": now - self._host.idle_since,
            "ready_seconds": now - self._began,
            "booting": float(not self._host.booted),
        }

    async def __del__(self) -> None:
        """Serve awaits it after the calls that it knows of."""
        await self._host.drained()
        await self._report.close()
        self._exporter.close()
        self._spare.close()
        self._host.close()


class Stub:
    """The app's ingress: Serve may open a port for it, so it holds nothing and never runs."""

    def __init__(self, model: Any) -> None:
        pass

    async def __call__(self) -> None:
        return None


def build(args: ModelSpec) -> serve.Application:
    """The app of one model, from its spec."""
    model = serve.deployment(
        name=DEPLOYMENT,
        autoscaling_config=autoscaling(args),
        request_router_config=request_router(args),
        **resources(args),
        max_ongoing_requests=MAX_ONGOING_REQUESTS,
        max_constructor_retry_count=MOST_STARTS,
        health_check_period_s=2,
        health_check_timeout_s=10,
        graceful_shutdown_timeout_s=args.max_request_seconds + DRAIN_SECONDS,
        graceful_shutdown_wait_loop_s=0.5,
        logging_config=LoggingConfig(encoding="JSON", enable_access_log=False),  # a line for each call, which costs more than the call
    )(Model)
    stub = serve.deployment(
        name="Stub",
        autoscaling_config=AutoscalingConfig(min_replicas=0, initial_replicas=0, max_replicas=1),
        ray_actor_options={"num_cpus": 0},
    )(Stub)
    return stub.bind(model.bind(args.model_dump_json()))
