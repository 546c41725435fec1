"""The Serve configs of deploy/: valid for Ray and for us, and one catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ray.serve.schema import ServeDeploySchema

from basemodel.cluster.models import model_faults
from deployments.entrance import EntranceArgs
from deployments.resources import resources
from router.catalogue import Catalogue
from tests.deploy.manifests import DEPLOY, KUBERNETES, application, groups, serve_config

CONFIGS = [DEPLOY / "gpu" / "serve_config.yaml", KUBERNETES / "serve_config.yaml"]
named = pytest.mark.parametrize("path", CONFIGS, ids=[path.parent.name for path in CONFIGS])


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def catalogue(path: Path) -> Catalogue:
    return Catalogue.model_validate(read(path)["applications"][0]["deployments"][0]["user_config"])


@named
def test_ray_takes_it(path: Path) -> None:
    ServeDeploySchema.model_validate(read(path))


@named
def test_we_take_it(path: Path) -> None:
    assert model_faults(read(path)["applications"]) == []


@named
def test_the_small_model_is_warm_and_the_large_ones_start_on_first_use(path: Path) -> None:
    assert {spec.id: spec.warm for spec in catalogue(path).models} == {"llama-8b": True, "llama-70b": False, "llama-405b": False}


def test_both_have_the_same_models() -> None:
    first, second = (catalogue(path) for path in CONFIGS)
    assert first == second


def test_each_model_has_its_application() -> None:
    for spec in catalogue(CONFIGS[1]).models:
        assert application(f"model-{spec.id}")["args"]["id"] == spec.id


def test_every_gateway_pod_has_one_entrance_with_tls() -> None:
    arguments = EntranceArgs.model_validate(application("entrance")["args"])
    assert arguments.certificate is not None
    (entrance,) = application("entrance")["deployments"]
    assert (entrance["num_replicas"], entrance["max_replicas_per_node"]) == (groups()["gateways"]["replicas"], 1)
    assert serve_config()["proxy_location"] == "Disabled"


def test_a_gateway_that_is_replaced_leaves_another_on_its_pod() -> None:
    (gateway,) = application("gateway")["deployments"]
    assert gateway["max_replicas_per_node"] >= 2
    assert gateway["num_replicas"] == gateway["max_replicas_per_node"] * groups()["gateways"]["replicas"]


@pytest.mark.parametrize("model", ["llama-8b", "llama-70b"])
def test_what_ray_reserves_is_what_the_model_asks_for_and_its_own_pods(model: str) -> None:
    spec = next(one for one in catalogue(CONFIGS[1]).models if one.id == model)
    (given,) = application(f"model-{model}")["deployments"]
    assert given["ray_actor_options"] == {**resources(spec)["ray_actor_options"], "resources": {model: 1}}
    assert f'"{model}": 1' in groups()[model]["rayStartParams"]["resources"]
