"""The load that compares request routers."""

from pathlib import Path

import yaml

from basemodel.cluster.config import ServeConfig
from loadtest.affinity import ROUTERS, Load, config, prompts
from router.catalogue import Catalogue

LOAD = Load(documents=3, length=50, branches=4, tail=5, tokens=1, at_once=2, rounds=1, cache=100)


def test_the_service_that_is_measured_is_one_that_can_be_started(tmp_path: Path) -> None:
    service = config(LOAD)
    (tmp_path / "affinity.yaml").write_text(yaml.safe_dump(service))
    ServeConfig.load(tmp_path / "affinity.yaml", None, 8000)
    models = Catalogue.model_validate(service["applications"][0]["deployments"][0]["user_config"]).models
    assert [(model.id, model.max_replicas) for model in models] == [(name, 2) for name in ROUTERS]


def test_all_branches_of_all_documents_are_asked_in_the_same_order_of_both() -> None:
    asked = prompts(LOAD, "seed")
    assert asked == prompts(LOAD, "seed") != prompts(LOAD, "another")
    assert len(asked) == 12
    assert len({tuple(prompt[:50]) for prompt in asked}) == 3
    assert len({tuple(prompt) for prompt in asked}) == 12
