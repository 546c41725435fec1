"""A model over two nodes on a Ray cluster of its own, whose GPUs are mere numbers: prints as JSON what went where.

`python -m tests.stack.two_nodes`, in a process of its own: Ray is one per process.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import ray
from ray import serve
from ray.cluster_utils import Cluster

from deployments.resources import resources
from router.hardware import Hardware

HARDWARE = Hardware(gpus=4, tensor_parallel=2, pipeline_parallel=2, nodes=2)
SMALL = {"object_store_memory": 80_000_000}


class Model:
    """A replica with a host process, as deployments.model has one."""

    def __init__(self) -> None:
        from deployments import ray_group

        command, told = [sys.executable, "-m", "tests.stack.group_host"], ray_group.environment()
        self._host = subprocess.Popen(command, env={**os.environ, **told}, stdout=subprocess.PIPE)
        assert self._host.stdout is not None
        self._workers = json.loads(self._host.stdout.readline())

    def workers(self) -> Any:
        return self._workers

    def kill(self) -> None:
        self._host.kill()


def main() -> None:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "num_gpus": 0, **SMALL})
    for _ in range(HARDWARE.nodes):
        cluster.add_node(num_cpus=1, num_gpus=HARDWARE.gpus // HARDWARE.nodes, **SMALL)
    ray.init(address=cluster.address, log_to_driver=False)
    handle = serve.run(serve.deployment(name="Model", **resources(HARDWARE))(Model).bind(), route_prefix=None)
    workers = handle.workers.remote().result()
    handle.kill.remote().result()
    ended = [until_ended(process, 10.0) for _, _, process in workers]
    print(json.dumps({"nodes": [node for node, _, _ in workers], "gpus": [gpus for _, gpus, _ in workers], "ended": ended}), flush=True)
    serve.shutdown()
    ray.shutdown()
    cluster.shutdown()


def until_ended(process: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while lives(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not lives(process)


def lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    main()
