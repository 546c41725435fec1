"""What Ray reserves for one replica of a model, as arguments of `serve.deployment`."""

from __future__ import annotations

from typing import Any

from router.hardware import Hardware

#: What Ray's nodes have of the resource that stands for their kind of GPU is 1, whatever the number of GPUs.
KIND_SHARE = 0.001


def resources(hardware: Hardware) -> dict[str, Any]:
    """On one node the replica's actor holds the GPUs itself; over several, a placement group does.

    vLLM wants one GPU in a bundle. The actor, which holds none, lies in the first bundle. PACK fills a node before it takes the
    next, and vLLM ranks its workers node by node: a group of tensor_parallel GPUs stays on one node where nodes are free.
    """
    if hardware.nodes == 1:
        return {"ray_actor_options": {"num_cpus": hardware.num_cpus, "num_gpus": hardware.gpus, **_kind_of_actor(hardware)}}
    one = {"GPU": 1.0, **_kind_of_bundle(hardware)}
    actor = {"CPU": hardware.num_cpus} if hardware.num_cpus else {}
    return {
        "ray_actor_options": {"num_cpus": hardware.num_cpus, "num_gpus": 0},
        "placement_group_bundles": [{**actor, **one}, *(dict(one) for _ in range(hardware.gpus - 1))],
        "placement_group_strategy": "PACK",
    }


def _kind_of_actor(hardware: Hardware) -> dict[str, str]:
    return {} if hardware.accelerator_type is None else {"accelerator_type": hardware.accelerator_type}


def _kind_of_bundle(hardware: Hardware) -> dict[str, float]:
    return {} if hardware.accelerator_type is None else {f"accelerator_type:{hardware.accelerator_type}": KIND_SHARE}
