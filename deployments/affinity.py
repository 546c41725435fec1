"""Serve's request router of the models: jobs go where their prompt's beginning is cached. See `placement`.

It runs in each gateway, asks nobody and never waits except for a replica. Nothing in it may raise: Serve would never answer the
request that was being routed, and would stop hearing of replicas. Serve ships this module by value; what has to exist once in
a process, and what is worth a test of its own, is in other modules.
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field
from typing import Any

from ray.serve.config import RequestRouterConfig
from ray.serve.request_router import PendingRequest, ReplicaID, RequestRouter, RunningReplica

from deployments import balance, replica_sets
from deployments.prefix_keys import hint_of, keys_of, read_hint
from router.catalogue import ModelSpec

__all__ = ["AffinityRouter", "hint_of", "keys_of", "request_router"]

log = logging.getLogger("ray.serve")


def request_router(spec: ModelSpec) -> RequestRouterConfig:
    """Imbalance of an eighth of what an engine runs at once costs less than a prompt that is computed twice."""
    return RequestRouterConfig(
        request_router_class="deployments.affinity:AffinityRouter",
        request_router_kwargs={"factor": 1.25, "slack": max(2.0, spec.max_num_seqs / 8)},
    )


@dataclass
class Tries:
    """The replicas that a request was sent to in vain, and how often all of them were."""

    replicas: set[ReplicaID] = field(default_factory=set)
    rounds: int = 0


class AffinityRouter(RequestRouter):  # type: ignore[misc]  # Ray is untyped
    def initialize_state(self, **options: Any) -> None:
        """Serve calls it when it has heard of the deployment; of replicas it says nothing as long as there was none."""
        if replica_sets.running(self.app_name) is None:
            replica_sets.update(self.app_name, ())
        self._balance = balance.begin(self.app_name, options)

    def update_replicas(self, replicas: list[RunningReplica]) -> None:
        super().update_replicas(replicas)
        self._tell()

    def on_replica_actor_died(self, replica_id: ReplicaID) -> None:
        super().on_replica_actor_died(replica_id)
        self._tell()

    def _tell(self) -> None:
        try:
            ids = {replica_id.unique_id for replica_id in self.curr_replicas}
            replica_sets.update(self.app_name, ids)
            self._balance.keep(ids)
        except Exception:
            log.exception("a change of replicas could not be told")

    async def _choose_replica_for_request(self, pending_request: PendingRequest, *, is_retry: bool = False) -> RunningReplica:
        """Waits until there is a replica. One that refused the request is asked again only after all others, and a pause.

        Overridden instead of `choose_replicas`: Serve's own may give what was chosen for one request to another.
        """
        tries = vars(pending_request).setdefault("tries", Tries())
        while not (untried := await self._untried(tries)):
            await self._backoff(tries.rounds)
            tries.replicas.clear()
            tries.rounds += 1
        replica = self._pick(untried, pending_request)
        tries.replicas.add(replica.replica_id)
        name, request = replica.replica_id.unique_id, pending_request.metadata.internal_request_id
        self._balance.loads.begin(name, request, _hint(pending_request).sequences)
        self._record_queue_wait_time(pending_request)
        return replica

    async def _untried(self, tries: Tries) -> list[RunningReplica]:
        while not self.curr_replicas:
            self._replicas_updated_event.clear()
            await self._replicas_updated_event.wait()
        return [replica for replica in self.curr_replicas.values() if replica.replica_id not in tries.replicas]

    def _pick(self, candidates: list[RunningReplica], pending_request: PendingRequest) -> RunningReplica:
        """Of at least one; those that are known to take no more come last."""
        try:
            open_ = {one.replica_id.unique_id: one for one in self.select_available_replicas(candidates) or candidates}
            return open_[self._balance.choose(_hint(pending_request), {name: self._ongoing(one) for name, one in open_.items()})]
        except Exception:
            log.exception("the request router failed; it takes the less loaded of two replicas")
            return min(random.sample(candidates, min(2, len(candidates))), key=self._ongoing)

    def _ongoing(self, replica: RunningReplica) -> int:
        """Calls at a replica, those of other gateways included, as it said with its last answer."""
        return self.replica_queue_len_cache.get(replica.replica_id) or 0

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """Only for Serve's `choose_replica` without a reservation."""
        if pending_request is None or not candidate_replicas:
            return [candidate_replicas]
        pending_request.routing_context.should_backoff = True
        return [[self._pick(candidate_replicas, pending_request)], candidate_replicas]

    def on_request_completed(self, replica_id: ReplicaID, internal_request_id: str) -> None:
        self._balance.loads.end(replica_id.unique_id, internal_request_id)


def _hint(pending_request: PendingRequest) -> Any:
    return read_hint(pending_request.metadata.session_id)
