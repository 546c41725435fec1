"""The policy as Serve's controller has it: shipped by value, in Serve's own wrapper, on Serve's own context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from ray.serve._private.autoscaling_state import _resolve_policy_callable
from ray.serve._private.common import DeploymentID, ReplicaID, TimeStampedValue
from ray.serve._private.config import DeploymentConfig
from ray.serve.autoscaling_policy import _apply_autoscaling_config
from ray.serve.config import AutoscalingConfig, AutoscalingContext

from deployments import wish_reader
from deployments.autoscaling import SILENT_SECONDS, autoscaling
from deployments.scale import GRACE_SECONDS
from router.catalogue import ModelSpec
from router.warm_windows import WarmWindow
from router.wishes import Wish
from tests.deployments.scaled_model import SPEC

pytestmark = pytest.mark.filterwarnings("ignore:The `metrics_interval_s` field:DeprecationWarning")

MONDAY_NOON = 1_793_620_800.0
DEPLOYMENT = DeploymentID(name="Model", app_name="model-scaled")
IDLE = {"sequences": 0.0, "prefill_tokens": 0.0, "idle_seconds": 1000.0, "ready_seconds": 1000.0, "booting": 0.0}


class Known:
    """What the reader of wishes knows, as a test says it."""

    def __init__(self) -> None:
        self.sure = True
        self.wishes: dict[str, Wish] = {}
        self.stops: set[str] = set()

    def stopped(self, model: str) -> bool:
        return model in self.stops

    def of(self, model: str) -> Wish | None:
        return self.wishes.get(model)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    known = Known()
    monkeypatch.setattr(wish_reader, "READER", known)
    return known


def shipped(spec: ModelSpec) -> AutoscalingConfig:
    """As it is when it arrives in the controller."""
    there = DeploymentConfig(autoscaling_config=autoscaling(spec)).to_proto_bytes()
    return cast(AutoscalingConfig, DeploymentConfig.from_proto_bytes(there).autoscaling_config)


class Controller:
    """Asks the policy as Serve's controller does, and remembers its state."""

    def __init__(self, spec: ModelSpec = SPEC) -> None:
        self.config = shipped(spec)
        self.policy: Callable[[Any], tuple[int, dict[str, Any]]] = _apply_autoscaling_config(_resolve_policy_callable(self.config.policy))
        self.state: dict[str, Any] = {}

    def look(self, target: int, *replicas: dict[str, float], now: float = MONDAY_NOON, calls: float = 0, age: float = 0.2) -> int:
        ids = [ReplicaID(unique_id=f"r{number}", deployment_id=DEPLOYMENT) for number in range(len(replicas))]
        said: dict[str, dict[ReplicaID, list[TimeStampedValue]]] = {}
        for replica, metrics in zip(ids, replicas, strict=True):
            for name, value in metrics.items():
                said.setdefault(name, {})[replica] = [TimeStampedValue(now - age - 1, 99.0), TimeStampedValue(now - age, value)]
        context = AutoscalingContext(
            deployment_id=DEPLOYMENT,
            deployment_name=DEPLOYMENT.name,
            app_name=DEPLOYMENT.app_name,
            current_num_replicas=len(replicas),
            target_num_replicas=target,
            running_replicas=ids,
            total_num_requests=lambda: calls,
            total_queued_requests=lambda: 0.0,
            aggregated_metrics=dict,
            raw_metrics=lambda: said,
            capacity_adjusted_min_replicas=self.config.min_replicas,
            capacity_adjusted_max_replicas=self.config.max_replicas,
            policy_state=dict(self.state),
            last_scale_up_time=None,
            last_scale_down_time=None,
            current_time=now,
            config=self.config,
        )
        replicas_then, self.state = self.policy(context)
        return replicas_then


def test_a_wish_starts_a_cold_model_at_the_next_look(known: Known) -> None:
    controller = Controller()
    assert controller.look(0) == 0
    known.wishes["scaled"] = Wish("k1", MONDAY_NOON, MONDAY_NOON + 60)
    assert controller.look(0, now=MONDAY_NOON + 0.1) == 1


def test_a_wish_for_another_model_starts_nothing(known: Known) -> None:
    known.wishes["other"] = Wish("k1", MONDAY_NOON, MONDAY_NOON + 60)
    assert Controller().look(0) == 0


def test_what_the_policy_decides_serve_does_without_a_delay_of_its_own(known: Known) -> None:
    controller = Controller()
    assert controller.look(1, IDLE) == 0
    busy = IDLE | {"sequences": 1.7 * SPEC.max_num_seqs, "idle_seconds": 0.0}
    controller = Controller()
    looks = [controller.look(1, busy, now=MONDAY_NOON + seconds) for seconds in (0, 1, 2)]
    assert looks == [1, 1, 3]


def test_the_policy_remembers_between_looks(known: Known) -> None:
    controller = Controller()
    looks = [controller.look(1, now=MONDAY_NOON + seconds) for seconds in range(int(GRACE_SECONDS) + 1)]
    assert looks == [1] * int(GRACE_SECONDS) + [0]


def test_replicas_that_said_nothing_lately_or_not_all_are_not_idle(known: Known) -> None:
    assert Controller().look(1, {}) == 1
    assert Controller().look(1, IDLE, age=SILENT_SECONDS + 1) == 1
    assert Controller().look(1, {"sequences": 0.0, "idle_seconds": 1000.0}) == 1
    assert Controller().look(1, IDLE | {"booting": 1.0}) == 1


def test_while_the_wishes_are_not_known_nothing_stops(known: Known) -> None:
    known.sure = False
    assert Controller().look(1, IDLE) == 1


def test_a_warm_model_is_never_at_zero(known: Known) -> None:
    controller = Controller(SPEC.model_copy(update={"warm": True}))
    assert controller.look(0) == 1
    assert controller.look(1, IDLE) == 1


def test_a_warm_window_starts_and_keeps_a_model_until_it_closes(known: Known) -> None:
    window = WarmWindow(days=("mon",), opens="12:00", closes="13:00")
    controller = Controller(SPEC.model_copy(update={"warm_windows": (window,)}))
    assert controller.look(0, now=MONDAY_NOON - 1) == 0
    assert controller.look(0, now=MONDAY_NOON) == 1
    assert controller.look(1, IDLE, now=MONDAY_NOON + 3599) == 1
    assert controller.look(1, IDLE, now=MONDAY_NOON + 3600 + GRACE_SECONDS) == 0


def test_calls_at_a_cold_model_start_it_without_the_policy(known: Known) -> None:
    assert Controller().look(0, calls=1) == 1


def test_a_policy_that_fails_keeps_the_replicas(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "of", None)
    assert Controller().look(1, IDLE) == 1
    assert Controller().look(0) == 0
