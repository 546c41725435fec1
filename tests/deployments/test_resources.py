"""What Ray is asked for, for one replica: by the shape of the model, and accepted by Serve itself."""

from typing import Any

import pytest
from ray import serve

from deployments.resources import resources
from router.hardware import Hardware


def of(**shape: Any) -> dict[str, Any]:
    return resources(Hardware(**shape))


def test_a_cpu_model_needs_its_share_of_a_cpu_only() -> None:
    assert of(num_cpus=0.5) == {"ray_actor_options": {"num_cpus": 0.5, "num_gpus": 0}}


@pytest.mark.parametrize("parallel", [1, 4, 8])
def test_on_one_node_the_actor_holds_the_gpus_without_a_placement_group(parallel: int) -> None:
    assert of(gpus=parallel, tensor_parallel=parallel) == {"ray_actor_options": {"num_cpus": 0.1, "num_gpus": parallel}}


def test_over_several_nodes_a_placement_group_holds_them_one_in_a_bundle() -> None:
    asked = of(gpus=16, tensor_parallel=8, pipeline_parallel=2, nodes=2, num_cpus=1.0)
    assert asked["ray_actor_options"] == {"num_cpus": 1.0, "num_gpus": 0}
    assert asked["placement_group_bundles"] == [{"CPU": 1.0, "GPU": 1.0}, *[{"GPU": 1.0}] * 15]
    assert asked["placement_group_strategy"] == "PACK"


def test_an_actor_that_counts_no_cpu_asks_for_none() -> None:
    assert of(gpus=2, pipeline_parallel=2, nodes=2, num_cpus=0.0)["placement_group_bundles"] == [{"GPU": 1.0}] * 2


def test_the_kind_of_gpu_is_asked_for_in_the_actor_or_in_every_bundle() -> None:
    assert of(gpus=1, accelerator_type="H100")["ray_actor_options"]["accelerator_type"] == "H100"
    bundles = of(gpus=2, tensor_parallel=2, nodes=2, accelerator_type="H100")["placement_group_bundles"]
    assert [bundle["accelerator_type:H100"] for bundle in bundles] == [0.001, 0.001]


SHAPES: list[dict[str, Any]] = [
    {},
    {"gpus": 1, "accelerator_type": "H100"},
    {"gpus": 8, "tensor_parallel": 8},
    {"gpus": 16, "tensor_parallel": 8, "pipeline_parallel": 2, "nodes": 2},
    {"gpus": 2, "tensor_parallel": 2, "nodes": 2, "num_cpus": 0.0, "accelerator_type": "H100"},
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_serve_accepts_it(shape: dict[str, Any]) -> None:
    asked = of(**shape)
    deployment = serve.deployment(name="Model", max_ongoing_requests=10, **asked)(type("Model", (), {}))
    assert deployment.ray_actor_options["num_gpus"] == asked["ray_actor_options"]["num_gpus"]
