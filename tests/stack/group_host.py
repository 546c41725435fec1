"""Stands in for the host of a model over several nodes: workers in the replica's placement group, then sleep. See two_nodes.py."""

import json
import os
import pickle
import time

import ray
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from deployments.ray_group import placement_group


class Worker:
    def where(self) -> tuple[str, list[int], int]:
        return ray.get_runtime_context().get_node_id(), ray.get_gpu_ids(), os.getpid()


def main() -> None:
    ray.init()
    group = pickle.loads(pickle.dumps(placement_group()))  # vLLM sends it to the process of its engine
    strategies = [PlacementGroupSchedulingStrategy(group, index) for index in range(len(group.bundle_specs))]
    workers = [ray.remote(Worker).options(num_cpus=0, num_gpus=1, scheduling_strategy=one).remote() for one in strategies]
    print(json.dumps(ray.get([worker.where.remote() for worker in workers])), flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main()
