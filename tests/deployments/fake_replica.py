"""A request router as Serve makes it, with replicas that only have a name, and the requests it is asked to place."""

from random import Random
from typing import Any

from ray.serve._private.common import DeploymentHandleSource, DeploymentID, ReplicaID, RequestMetadata
from ray.serve.request_router import PendingRequest

from deployments.affinity import AffinityRouter, hint_of
from router.engine import Job, Sampling

MODEL = DeploymentID("Model", "model-pico")
DOCUMENT = tuple(Random("document").choices(range(5, 4000), k=1200))


class Replica:
    """What a router sees of a replica."""

    def __init__(self, name: str, ongoing: int = 0, max_ongoing_requests: int = 10_000) -> None:
        self.name, self.replica_id = name, ReplicaID(name, MODEL)
        self.ongoing, self.max_ongoing_requests = ongoing, max_ongoing_requests

    async def get_queue_len(self, *, deadline_s: float) -> int:
        return self.ongoing


A, B, C = Replica("a"), Replica("b"), Replica("c")


def new_router(**options: Any) -> Any:
    router = AffinityRouter(
        deployment_id=MODEL,
        handle_source=DeploymentHandleSource.REPLICA,
        use_replica_queue_len_cache=True,
        initial_backoff_s=0.0,
        prefer_local_node_routing=True,
        self_node_id="node",
    )
    router.initialize_state(**options)
    return router


def request(ids: tuple[int, ...] = DOCUMENT, choices: int = 1, name: str = "request", session: str | None = None) -> Any:
    hint = hint_of(Job("job", ids, Sampling(max_tokens=1), (None,) * choices)) if session is None else session
    return PendingRequest(args=[], kwargs={}, metadata=RequestMetadata(name, name, session_id=hint))


async def choose(router: Any, pending: Any, retry: bool = False) -> str:
    chosen = await router._choose_replica_for_request(pending, is_retry=retry)
    return str(chosen.name)


async def run(router: Any, pending: Any) -> str:
    """Chosen, and over."""
    name = await choose(router, pending)
    router.on_request_completed(ReplicaID(name, MODEL), pending.metadata.internal_request_id)
    return name
