"""The documents of deploy/kubernetes, as kustomization.yaml puts them together: for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
Document = dict[str, Any]


def documents() -> list[Document]:
    named = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    files = [KUBERNETES / name for name in named if name.endswith(".yaml")]
    return [one for file in files for one in yaml.safe_load_all(file.read_text())]


def of_kind(kind: str) -> list[Document]:
    return [one for one in documents() if one["kind"] == kind]


def ray_cluster() -> Document:
    (service,) = of_kind("RayService")
    cluster: Document = service["spec"]["rayClusterConfig"]
    return cluster


def groups() -> dict[str, Document]:
    """Of the Ray cluster, the head among them."""
    cluster = ray_cluster()
    return {"head": cluster["headGroupSpec"]} | {group["groupName"]: group for group in cluster["workerGroupSpecs"]}


def pods() -> dict[str, Document]:
    """Every template of a pod, by whose it is."""
    (redis,) = of_kind("StatefulSet")
    return {name: group["template"] for name, group in groups().items()} | {"redis": redis["spec"]["template"]}


def containers() -> Iterator[tuple[str, Document]]:
    for name, pod in pods().items():
        for container in pod["spec"]["containers"]:
            yield name, container


def serve_config() -> Document:
    config: Document = yaml.safe_load((KUBERNETES / "serve_config.yaml").read_text())
    return config


def models() -> list[Document]:
    return [one for one in serve_config()["applications"] if one["import_path"] == "deployments.model:build"]


def application(name: str) -> Document:
    return next(one for one in serve_config()["applications"] if one["name"] == name)
