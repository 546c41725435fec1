"""A Serve app without a model, for what only concerns starting and stopping: two replicas that talk to each other."""

from typing import Any

from ray import serve

from deployments.doors import close_replica_doors

close_replica_doors()


class Worker:
    async def __call__(self, text: str) -> str:
        return text.upper()


class Face:
    def __init__(self, worker: Any) -> None:
        self._worker = worker

    async def __call__(self, request: Any) -> str:
        """By value, which is the way over the replica's own gRPC server."""
        return str(await self._worker.options(_by_reference=False).remote("ready"))


small = serve.deployment(ray_actor_options={"num_cpus": 0.1})
app = small(Face).bind(small(Worker).bind())
