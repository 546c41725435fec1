"""What Serve is told of a model's app."""

from __future__ import annotations

from typing import Any

import pytest

from deployments import gateway, model
from router.catalogue import ModelSpec


def model_deployment(spec: ModelSpec) -> Any:
    """Of the app, the one behind the stub."""
    (bound,) = model.build(spec)._bound_deployment.init_args
    return bound._bound_deployment


@pytest.mark.filterwarnings("ignore:.*metrics_interval_s:DeprecationWarning")
@pytest.mark.parametrize("seconds", [60, 3_600])
def test_a_replica_that_is_replaced_may_finish_its_longest_request(seconds: int) -> None:
    spec = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, max_request_seconds=seconds)
    assert model_deployment(spec)._deployment_config.graceful_shutdown_timeout_s > seconds


def test_a_gateway_may_too() -> None:
    longest = ModelSpec.model_fields["max_request_seconds"].default
    assert longest < gateway.DRAIN_SECONDS
