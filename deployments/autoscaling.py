"""Serve's autoscaling policy of the models: `scale.py` on what Serve, the replicas and the wishes say.

It runs in the controller, many times a second, and may never wait or raise. Serve ships this module by value, so what has to exist once
is in `wish_reader.py`, and what is worth a test of its own in `scale.py`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, cast

from ray.serve.config import AutoscalingConfig, AutoscalingContext, AutoscalingPolicy

from deployments import wish_reader  # as a module: its reader must not be shipped
from deployments.scale import Load, Memory, Situation, decide
from router.catalogue import ModelSpec

#: Small, because what a replica says should be no older than a moment.
INTERVAL_SECONDS, LOOK_BACK_SECONDS = 0.5, 5.0
#: A replica that said nothing for longer is not known.
SILENT_SECONDS = 10.0
MEMORY = "basemodel"

log = logging.getLogger("ray.serve")


def autoscaling(spec: ModelSpec) -> AutoscalingConfig:
    """Serve's own delays are off: all of them are ours."""
    least = 1 if spec.warm else 0
    return AutoscalingConfig(
        min_replicas=least,
        initial_replicas=least,
        max_replicas=spec.max_replicas,
        target_ongoing_requests=spec.target_sequences or spec.max_num_seqs,
        metrics_interval_s=INTERVAL_SECONDS,
        look_back_period_s=LOOK_BACK_SECONDS,
        upscale_delay_s=0.0,
        downscale_delay_s=0.0,
        downscale_to_zero_delay_s=0.0,
        policy=AutoscalingPolicy(policy_function="deployments.autoscaling:Policy", policy_kwargs={"spec": spec.model_dump_json()}),
    )


class Policy:
    """Of one model."""

    def __init__(self, spec: str) -> None:
        self._spec = ModelSpec.model_validate_json(spec)

    def __call__(self, context: AutoscalingContext) -> tuple[int, dict[str, Any]]:
        """The replicas that the model should have, and what to remember."""
        memory = cast("Memory", dict(context.policy_state.get(MEMORY, {})))
        try:
            decision = decide(self._spec, situation(self._spec, context), memory)
        except Exception:
            log.exception("model %s: no decision; it keeps its replicas", self._spec.id)
            return context.target_num_replicas, dict(context.policy_state)
        if decision.replicas != context.target_num_replicas:
            before = context.target_num_replicas
            log.info("model %s: %s -> %s replicas: %s", self._spec.id, before, decision.replicas, decision.reason)
        return decision.replicas, {MEMORY: dict(memory)}


def situation(spec: ModelSpec, context: AutoscalingContext) -> Situation:
    now = context.current_time or datetime.now(UTC).timestamp()
    return Situation(
        now=now,
        running=context.current_num_replicas,
        target=context.target_num_replicas,
        calls=context.total_num_requests,
        wanted=wanted(spec, now),
        loads=loads(context, now),
        sure=wish_reader.READER.sure,
        stopped=wish_reader.READER.stopped(spec.id),
    )


def wanted(spec: ModelSpec, now: float) -> str:
    """Why the model should have a replica; "" where nothing says so."""
    wish = wish_reader.READER.of(spec.id)
    if spec.warm:
        return "it is always warm"
    if any(window.open_at(datetime.fromtimestamp(now, UTC)) for window in spec.warm_windows):
        return "a warm window is open"
    return f"wish of {wish.waker}" if wish is not None else ""


def loads(context: AutoscalingContext, now: float) -> dict[str, Load]:
    """By replica, the latest that each said."""
    told: dict[str, dict[str, float]] = {}
    for name, replicas in (context.raw_metrics or {}).items():
        for replica, series in replicas.items():
            if series and now - series[-1].timestamp < SILENT_SECONDS:
                told.setdefault(str(replica), {})[name] = series[-1].value
    return {replica: _load(said) for replica, said in told.items() if len(said) >= len(NAMES)}


NAMES = ("sequences", "prefill_tokens", "idle_seconds", "ready_seconds", "booting")


def _load(said: dict[str, float]) -> Load:
    sequences, prefill, idle, ready, booting = (said[name] for name in NAMES)
    return Load(sequences, prefill, idle, ready, bool(booting))
