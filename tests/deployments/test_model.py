"""What Serve is told of a model's app."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest

from deployments import gateway, model
from deployments.messages import Failed, FailureKind
from router import log
from router.catalogue import ModelSpec
from router.engine import Job, Sampling


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


class DyingHost:
    """Ready, until it is asked for something."""

    booted = True

    async def run(self, job: Job, address: str, stream: int) -> Failed:
        return Failed(1, FailureKind.ENGINE_DIED, "scripted")


class Replica(model.Model):
    """Without what Serve and a Redis are needed for."""

    def __init__(self, host: Any) -> None:
        self._host, self._replica, self._decoder = host, "r", msgspec.msgpack.Decoder(Job)

    def __del__(self) -> None:  # type: ignore[override]
        pass


async def test_a_failed_call_leaves_a_line_with_the_ids_of_its_job(caplog: pytest.LogCaptureFixture) -> None:
    caplog.handler.addFilter(log.Ids())
    job = msgspec.msgpack.encode(Job("cmpl-1", (0,), Sampling(max_tokens=1), request_id="r1"))
    with caplog.at_level(logging.WARNING, "basemodel.model"):
        assert await Replica(DyingHost()).generate(job, "", 0) == ("engine_died", "scripted", "r")
    (record,) = caplog.records
    assert (record.__dict__["request_id"], record.__dict__["job_id"]) == ("r1", "cmpl-1")
