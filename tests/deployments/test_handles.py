"""Serve's failures and counts, translated."""

import inspect

import pytest
import ray.exceptions
import ray.serve.exceptions
from ray.serve._private.common import DeploymentID
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError

from deployments.handles import FROM_RAY, from_ray, standing_of
from router.engine import EngineBroken, EngineDied, EngineError
from router.fleet import State


def foreign_exceptions() -> list[type[BaseException]]:
    found = []
    for module in (ray.exceptions, ray.serve.exceptions):
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == module.__name__:
                found.append(value)
    return found


@pytest.mark.parametrize("foreign", foreign_exceptions(), ids=lambda one: one.__name__)
def test_every_exception_of_ray_and_serve_is_in_the_table(foreign: type[BaseException]) -> None:
    not_raised_by_calls = {ray.exceptions.CrossLanguageError}
    assert foreign in not_raised_by_calls or issubclass(foreign, tuple(known for known, _ in FROM_RAY))


@pytest.mark.parametrize("foreign", [BackPressureError(3, 2), DeploymentUnavailableError(DeploymentID("Model", "model-pico"))], ids=repr)
def test_a_deployment_that_takes_nothing_is_broken_with_a_time_to_retry(foreign: Exception) -> None:
    error = from_ray(foreign)
    assert isinstance(error, EngineBroken)
    assert error.retry_after_seconds > 0


def test_anything_unforeseen_counts_as_a_died_engine() -> None:
    assert isinstance(from_ray(ValueError("x")), EngineDied)
    assert isinstance(from_ray(ray.exceptions.ActorDiedError()), EngineError)


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({}, State.COLD),
        ({"RUNNING": 0}, State.COLD),
        ({"STARTING": 1}, State.STARTING),
        ({"PENDING_INITIALIZATION": 1}, State.STARTING),
        ({"RUNNING": 1, "STARTING": 1}, State.READY),
        ({"STOPPING": 1}, State.DRAINING),
    ],
)
def test_replica_counts_become_a_standing(counts: dict[str, int], state: State) -> None:
    assert standing_of(counts, 1.0).state == state
