"""`up` says what is wrong with the models of a Serve config before it starts anything."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from basemodel.cluster.config import ServeConfig
from basemodel.cluster.models import model_faults
from basemodel.failure import Failure
from deployments.resources import resources
from router.catalogue import ModelSpec
from router.settings import CHECKOUT

SHIPPED = [CHECKOUT / "serve_config.yaml", CHECKOUT / "deploy" / "gpu" / "serve_config.yaml"]


def applications(path: Path = SHIPPED[0]) -> Any:
    """Each model and its application apart, though the file has them once."""
    return json.loads(json.dumps(yaml.safe_load(path.read_text())["applications"]))


def listed(apps: Any) -> Any:
    return apps[0]["deployments"][0]["user_config"]["models"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_the_shipped_configs_are_accepted_by_us_and_by_serve(path: Path) -> None:
    config = ServeConfig.load(path, None, None)
    assert ServeDeploySchema.model_validate(config.content).applications
    assert model_faults(applications(path)) == []


def test_the_gpu_config_has_one_warm_model_and_the_large_one_over_two_nodes() -> None:
    specs = {entry["id"]: ModelSpec.model_validate(entry) for entry in listed(applications(SHIPPED[1]))}
    assert [spec.id for spec in specs.values() if spec.warm] == ["llama-8b"]
    assert resources(specs["llama-70b"])["ray_actor_options"]["num_gpus"] == 4
    assert len(resources(specs["llama-405b"])["placement_group_bundles"]) == 16


def test_a_faulty_model_stops_up_with_a_sentence_for_each_fault(tmp_path: Path) -> None:
    apps = applications()
    listed(apps)[0]["tensor_parallel"] = 2
    listed(apps)[1]["colour"] = "red"
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"applications": apps}))
    with pytest.raises(Failure) as refused:
        ServeConfig.load(path, None, None)
    first, *faults = str(refused.value).splitlines()
    assert first == f"{path} cannot be served as it is:"
    assert [fault.partition(":")[0] for fault in faults] == ["model pico", "model nano"]


def test_a_model_without_its_application_is_told() -> None:
    assert model_faults(applications()[:3]) == [
        "model micro: no application is called model-micro; add it, with the model's settings as its args."
    ]


def test_an_application_that_is_not_as_the_list_says_is_told() -> None:
    apps = applications()
    apps[1]["args"] |= {"idle_seconds": 7}
    apps[2]["args"]["gpus"] = "many"
    apps.append(apps[3] | {"name": "model-other"})
    assert [fault.partition(";")[0].partition(" is 'many'")[0] for fault in model_faults(apps)] == [
        "application model-pico: its args are not those of model pico in the gateway's list",
        "model nano: gpus",
        "application model-other: no model of the gateway's list belongs to it",
    ]


def test_other_applications_are_no_concern_of_ours() -> None:
    assert model_faults([{"name": "other", "import_path": "other:app"}]) == []
