"""One Serve app per model: `Model`, a thin actor that owns a model host, under a stub ingress.

No `from __future__ import annotations` here: Serve reads the builder's annotation to validate `args`.
"""

from typing import Any

import msgspec
from ray import serve
from ray.serve.config import AutoscalingConfig

from deployments.affinity import request_router
from deployments.doors import close_replica_doors
from deployments.frames import socket_folder
from deployments.host_process import HostProcess
from deployments.messages import Failed, FailureKind
from router.catalogue import ModelSpec
from router.engine import Job
from router.settings import home_folder

DEPLOYMENT = "Model"
APP_PREFIX = "model-"

#: Small intervals, because a cold model's first request waits for the next one.
AUTOSCALING_INTERVAL_SECONDS = 0.5
LOOK_BACK_SECONDS = 5.0
DRAIN_SECONDS = 600.0
#: So many that nobody waits at Serve's handle, first come first served: whose turn it is, the host decides (`turns.py`).
MAX_ONGOING_REQUESTS = 10_000

close_replica_doors()


class Model:
    """The Serve replica: routing, load and life cycle are Serve's; the engine is its host's."""

    async def __init__(self, spec_json: str) -> None:  # type: ignore[misc]  # Serve awaits it
        """Returns when the engine is ready, however often its boot has to be tried.

        Never raises for a failed boot: three failed constructors would be final for Serve.
        """
        self._spec = ModelSpec.model_validate_json(spec_json)
        self._decoder = msgspec.msgpack.Decoder(Job)
        self._host = HostProcess(self._spec, socket_folder(home_folder()))
        await self._host.ready()

    async def generate(self, job: bytes, address: str, stream: int) -> tuple[str, str] | None:
        """Runs a job whose tokens go to a frame stream; None, or how it failed and why."""
        if not await self._host.ready(self._spec.cold_wait_seconds):
            return FailureKind.NOT_READY.value, f"not ready after {self._spec.cold_wait_seconds} s: {self._host.reason}"
        outcome = await self._host.run(self._decoder.decode(job), address, stream)
        return (outcome.kind.value, outcome.reason) if isinstance(outcome, Failed) else None

    async def facts(self) -> dict[str, Any]:
        """Phase, engine version and how many requests the engine runs. Raises TimeoutError."""
        pong = await self._host.ping()
        return {"phase": self._host.phase, "engine_version": self._host.engine_version, "running": pong.running}

    async def __del__(self) -> None:
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
        ray_actor_options={"num_cpus": args.num_cpus, "num_gpus": args.gpus},
        max_ongoing_requests=MAX_ONGOING_REQUESTS,
        health_check_period_s=2,
        health_check_timeout_s=10,
        graceful_shutdown_timeout_s=DRAIN_SECONDS,
        graceful_shutdown_wait_loop_s=0.5,
    )(Model)
    stub = serve.deployment(
        name="Stub",
        autoscaling_config=AutoscalingConfig(min_replicas=0, initial_replicas=0, max_replicas=1),
        ray_actor_options={"num_cpus": 0},
    )(Stub)
    return stub.bind(model.bind(args.model_dump_json()))


def autoscaling(spec: ModelSpec) -> AutoscalingConfig:
    return AutoscalingConfig(
        min_replicas=1 if spec.warm else 0,
        initial_replicas=1 if spec.warm else 0,
        max_replicas=spec.max_replicas,
        target_ongoing_requests=spec.max_num_seqs,
        metrics_interval_s=AUTOSCALING_INTERVAL_SECONDS,
        look_back_period_s=LOOK_BACK_SECONDS,
        upscale_delay_s=2.0,
        downscale_delay_s=60.0,
        downscale_to_zero_delay_s=float(spec.idle_seconds),
    )
