"""One Ray node's processes, started as `ray.cluster_utils.Cluster` starts them: `python -m loadtest.faults.node OPTIONS`.

OPTIONS is JSON of `Options`; the address of the cluster's GCS is printed. Each node has a process of its own to start it, so that all
of the node's processes have their own mark in their environment (see `basemodel.cluster.processes`).
"""

from __future__ import annotations

import sys

import msgspec
from ray._private.node import Node
from ray._private.parameter import RayParams

from basemodel.cluster.ray_head import leave_out

OBJECT_STORE_BYTES = 100_000_000


class Options(msgspec.Struct, frozen=True):
    """`address` is that of the GCS, or None for the head, whose GCS listens on `port`. `resources` are only names for placing."""

    folder: str
    resources: dict[str, float]
    address: str | None = None
    port: int | None = None


def parameters(options: Options) -> RayParams:
    result = RayParams(
        gcs_address=options.address,
        gcs_server_port=options.port,
        node_ip_address="127.0.0.1",
        num_cpus=1,
        num_gpus=0,
        resources=options.resources,
        object_store_memory=OBJECT_STORE_BYTES,
        temp_dir=options.folder,
        min_worker_port=0,
        max_worker_port=0,
        node_manager_port=0,
        dashboard_agent_listen_port=0,
        include_dashboard=False,
    )
    leave_out(result, head=options.address is None)
    return result


def main() -> None:
    options = msgspec.json.decode(sys.argv[1], type=Options)
    node = Node(parameters(options), head=options.address is None, shutdown_at_exit=False, spawn_reaper=False)
    print(node.gcs_address)


if __name__ == "__main__":
    main()
