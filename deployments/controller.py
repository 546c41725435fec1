"""What Serve's controller says of the models' replicas.

`serve.status()` says it too, but makes Serve's own schemas of the answer first, pickled routers and all: a gateway asks every two
seconds, and that took a twentieth of a core (Ray 2.60).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ray.serve.context import _get_global_client

from deployments import model


@dataclass(frozen=True)
class Told:
    """Of one model. `counts`: its replicas by the name of their state; `message`: Serve's own words."""

    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""


def models() -> dict[str, Told]:
    """By the names of their applications; none before Serve began. Blocks, and raises what Ray raises."""
    client = _get_global_client(raise_if_no_controller_running=False)
    applications = {} if client is None else client.get_serve_details()["applications"]
    found = {name: app.get("deployments", {}).get(model.DEPLOYMENT) for name, app in applications.items()}
    return {name: _told(deployment) for name, deployment in found.items() if deployment is not None}


def _told(deployment: dict[str, Any]) -> Told:
    states = (replica["state"] for replica in deployment.get("replicas", ()))
    return Told(Counter(str(getattr(state, "value", state)) for state in states), deployment.get("message", ""))
