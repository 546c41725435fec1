"""Whether a Serve config names its models so that they can be served: said before anything is started."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from router.catalogue import Catalogue, ModelSpec
from router.catalogue_faults import catalogue_faults, faults

GATEWAY, MODEL = "deployments.gateway:build", "deployments.model:build"

Application = Mapping[str, Any]


def model_faults(applications: Iterable[Application]) -> list[str]:
    """A sentence for each fault. Applications other than the gateway and its models are no concern of this."""
    apps = list(applications)
    listed = [content for app in apps if app.get("import_path") == GATEWAY for content in _model_lists(app)]
    wrong = [sentence for content in listed for sentence in catalogue_faults(content)]
    if not wrong:
        wrong = [sentence for content in listed for sentence in _unlike(Catalogue.model_validate(content), apps)]
    return wrong


def _model_lists(gateway: Application) -> Iterator[Any]:
    for deployment in gateway.get("deployments") or []:
        if isinstance(deployment, Mapping) and deployment.get("name") == "Gateway":
            yield deployment.get("user_config")


def _unlike(catalogue: Catalogue, apps: list[Application]) -> Iterator[str]:
    """Where the gateway's list and the models' own applications disagree."""
    models = {str(app["name"]): app.get("args") for app in apps if app.get("import_path") == MODEL}
    for spec in catalogue.models:
        name = f"model-{spec.id}"
        if name not in models:
            yield f"model {spec.id}: no application is called {name}; add it, with the model's settings as its args."
        else:
            yield from faults(ModelSpec, models[name], f"application {name}") or _other(spec, name, models[name])
    for name in models.keys() - {f"model-{model}" for model in catalogue.ids}:
        yield f"application {name}: no model of the gateway's list belongs to it; remove it, or list the model."


def _other(spec: ModelSpec, name: str, args: Any) -> Iterator[str]:
    if ModelSpec.model_validate(args) != spec:
        yield f"application {name}: its args are not those of model {spec.id} in the gateway's list; refer to that with *{spec.id}."
