"""What the controller's answer is read as; that it is Serve's own is seen on the cluster (`tests/stack/test_cold.py`)."""

from __future__ import annotations

from typing import Any

import pytest
from ray.serve.schema import ReplicaState

from deployments import controller
from deployments.controller import Told


class Client:
    def __init__(self, applications: dict[str, Any]) -> None:
        self._applications = applications

    def get_serve_details(self) -> dict[str, Any]:
        return {"applications": self._applications}


def told(monkeypatch: pytest.MonkeyPatch, client: Client | None) -> dict[str, Told]:
    monkeypatch.setattr(controller, "_get_global_client", lambda raise_if_no_controller_running: client)
    return controller.models()


def test_replicas_are_counted_by_the_name_of_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    replicas = [{"state": "RUNNING"}, {"state": ReplicaState.STARTING}, {"state": "RUNNING"}]
    apps = {"model-nano": {"deployments": {"Model": {"message": "two of three", "replicas": replicas}, "Stub": {}}}}
    assert told(monkeypatch, Client(apps)) == {"model-nano": Told({"RUNNING": 2, "STARTING": 1}, "two of three")}


def test_what_has_no_model_or_says_nothing_of_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    apps = {"gateway": {"deployments": {"Gateway": {"replicas": []}}}, "model-new": {}, "model-pico": {"deployments": {"Model": {}}}}
    assert told(monkeypatch, Client(apps)) == {"model-pico": Told()}


def test_before_serve_began_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(monkeypatch, None) == {}
