"""How the host of a model over several nodes gets at its GPUs: vLLM's workers go into the placement group of the replica.

The host stays a process of its own. The engine that it starts joins Ray as a driver, which needs only the cluster's address and
the group's id; its workers belong to that driver, so Ray ends them on every node when the host is killed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import ray
from ray._raylet import PlacementGroupID
from ray.util.placement_group import PlacementGroup, get_current_placement_group

ADDRESS, GROUP = "RAY_ADDRESS", "BASEMODEL_PLACEMENT_GROUP"


def environment() -> dict[str, str]:
    """What the host needs to know; asked in the replica's actor. Raises RuntimeError where that has no placement group."""
    group = get_current_placement_group()
    if group is None:
        raise RuntimeError("a model over several nodes needs a placement group; deploy it with deployments.model:build")
    address = ray.get_runtime_context().gcs_address
    return {ADDRESS: address, GROUP: group.id.hex(), "VLLM_HOST_IP": ray.util.get_node_ip_address()}


def placement_group(environment: Mapping[str, str] = os.environ) -> PlacementGroup:
    """In the host: the group of its replica. Raises KeyError."""
    return PlacementGroup(PlacementGroupID(bytes.fromhex(environment[GROUP])))
