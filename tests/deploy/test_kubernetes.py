"""The manifests: valid by Kubernetes' own schemas, closed by default, and in accord with the code."""

from __future__ import annotations

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from router.catalogue import ModelSpec
from tests.deploy.manifests import DEPLOY, KUBERNETES, application, containers, documents, groups, models, of_kind, pods, ray_cluster

VERSION = "1.37"
CORE = [one for one in documents() if not one["apiVersion"].startswith("ray.io/")]
GATEWAY_LABELS = {"app.kubernetes.io/part-of": "basemodel", "app.kubernetes.io/component": "gateway"}


def named(document: dict[str, Any]) -> str:
    return f"{document['kind']} {document['metadata']['name']}"


@pytest.mark.parametrize("document", CORE, ids=named)
def test_a_document_is_valid(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


@pytest.mark.parametrize("name", pods())
def test_a_template_is_a_valid_pod(name: str) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": pods()[name]["spec"]}
    kubernetes_validate.validate(pod, VERSION, strict=True)


def test_the_validator_sees_a_wrong_field() -> None:
    wrong = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [{"name": "x", "imagee": "y"}]}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_every_file_is_part_of_it() -> None:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]
    used = {*listed, "kustomization.yaml", "serve_config.yaml"}
    assert {file.name for file in KUBERNETES.glob("*.yaml")} <= used


def test_the_catalogue_goes_into_the_ray_service() -> None:
    kustomization = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    (made,), (moved,) = kustomization["configMapGenerator"], kustomization["replacements"]
    assert moved["source"] == {"kind": "ConfigMap", "name": made["name"], "fieldPath": f"data.[{made['files'][0]}]"}
    (target,) = moved["targets"]
    assert target["select"]["name"] == of_kind("RayService")[0]["metadata"]["name"]
    assert target["fieldPaths"] == ["spec.serveConfigV2"]


@pytest.mark.parametrize("name", pods())
def test_a_pod_may_do_nothing_that_it_need_not(name: str) -> None:
    spec = pods()[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        security = container["securityContext"]
        assert security == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


@pytest.mark.parametrize(("name", "container"), list(containers()), ids=[name for name, _ in containers()])
def test_a_container_has_bounds_and_no_secret_in_the_file(name: str, container: dict[str, Any]) -> None:
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]
    secret = [one for one in container.get("env", []) if re.search("SECRET|TOKEN|URL", one["name"])]
    assert all("secretKeyRef" in one["valueFrom"] for one in secret)


def test_readme_names_every_secret() -> None:
    text = (KUBERNETES / "README.md").read_text()
    asked = {(ref["name"], ref["key"]) for _, one in containers() for ref in references(one)}
    assert {f"secret generic {name}" in text for name, _ in asked} == {True}
    assert [key for _, key in asked if f"{key}=" not in text] == []
    volumes = {volume["secret"]["secretName"] for pod in pods().values() for volume in pod["spec"]["volumes"] if "secret" in volume}
    assert [name for name in {*volumes, ray_cluster()["authOptions"]["secretName"]} if name not in text] == []


def references(container: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["valueFrom"]["secretKeyRef"] for one in container.get("env", []) if "valueFrom" in one]


def test_ray_asks_for_its_token() -> None:
    assert ray_cluster()["authOptions"] == {"mode": "token", "secretName": "ray-token"}


def test_nothing_is_open_to_everybody_but_the_entrance() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    unbounded = {name: rule["ports"] for name, spec in policies.items() for rule in spec.get("ingress", []) if not rule.get("from")}
    assert unbounded == {"clients-to-entrance": [{"port": application("entrance")["args"]["https_port"], "protocol": "TCP"}]}


def test_only_gateway_pods_have_the_port_of_the_service() -> None:
    (service,) = of_kind("RayService")
    (port,) = service["spec"]["serveService"]["spec"]["ports"]
    having = {name for name, one in containers() if port["targetPort"] in {each["name"] for each in one["ports"]}}
    assert having == {"gateways"}
    assert service["spec"]["excludeHeadPodFromServeSvc"] is True


def test_a_gateway_pod_is_ready_while_its_gateways_serve() -> None:
    """Not `/ready`: a Redis that is away would take every gateway out, and with them the answer that says so."""
    (gateway,) = groups()["gateways"]["template"]["spec"]["containers"]
    assert gateway["readinessProbe"]["httpGet"] == {"path": "/health", "port": "entrance", "scheme": "HTTPS"}
    assert "livenessProbe" not in gateway, "KubeRay puts the one of the Ray node there"


def test_a_pod_that_ends_waits_for_the_longest_request() -> None:
    longest = max(ModelSpec.model_validate(one["args"]).max_request_seconds for one in models())
    for name in set(groups()) - {"head"}:
        assert groups()[name]["template"]["spec"]["terminationGracePeriodSeconds"] > longest
    (service,) = of_kind("RayService")
    assert service["spec"]["rayClusterDeletionDelaySeconds"] > longest


def test_the_last_wait_looks_at_the_port_of_the_entrance() -> None:
    (gateway,) = groups()["gateways"]["template"]["spec"]["containers"]
    (command,) = gateway["lifecycle"]["preStop"]["exec"]["command"][2:]
    assert f":{application('entrance')['args']['https_port']:04X} " in command


def test_budgets_select_pods_that_are_there() -> None:
    labels = [pod["metadata"]["labels"] for pod in pods().values()]
    for budget in of_kind("PodDisruptionBudget"):
        wanted = budget["spec"]["selector"]["matchLabels"]
        assert any(wanted.items() <= one.items() for one in labels)
    assert GATEWAY_LABELS.items() <= groups()["gateways"]["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize("model", ["llama-8b", "llama-70b", "llama-405b"])
def test_a_models_pods_have_its_gpus(model: str) -> None:
    hardware = ModelSpec.model_validate(application(f"model-{model}")["args"])
    group = groups()[model]
    (container,) = group["template"]["spec"]["containers"]
    each = int(container["resources"]["limits"]["nvidia.com/gpu"])
    assert each * hardware.nodes == hardware.gpus
    assert group["rayStartParams"]["num-gpus"] == str(each)
    assert group["replicas"] >= hardware.nodes


def test_redis_keeps_what_it_is_told() -> None:
    (redis,) = of_kind("StatefulSet")
    assert redis["spec"]["template"]["spec"]["volumes"][0]["configMap"] == {"name": "redis"}
    settings = dict(line.split(" ", 1) for line in (DEPLOY / "redis" / "redis.conf").read_text().splitlines() if line[:1].isalpha())
    assert (settings["appendonly"], settings["maxmemory-policy"]) == ("yes", "noeviction")
    (claim,) = redis["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["name"] in {mount["name"] for mount in redis["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]}
