"""Everything that is measured, by name: one line says what it is, and docs/monitoring.md is made of nothing else.

What the gateways and the replicas count is here; which process has it follows from who touches it. Ray's exporter puts `ray_`
before every name. `model` is an id of the catalogue, or OTHER: a name that a caller made up is never a label.
"""

from __future__ import annotations

from budgets.requests import Charge
from router.metrics import GAPS, Registry

OTHER = "other"

REGISTRY = Registry()

# --- a request's way, in the gateway ---

REQUESTS = REGISTRY.counter(
    "basemodel_requests_total", "Requests that ended: the code of their error, ok, or left.", "model", "route", "outcome"
)
RUNNING = REGISTRY.gauge("basemodel_running_requests", "Requests that hold tokens now.")
WAITING = REGISTRY.gauge("basemodel_waiting_requests", "Requests that wait for a place of their key.")
QUEUE_WAIT = REGISTRY.histogram("basemodel_queue_wait_seconds", "Wait for a place of the key.", "model")
TTFT = REGISTRY.histogram("basemodel_ttft_seconds", "From the request to the first token, every wait included.", "model")
GAP = REGISTRY.histogram("basemodel_inter_token_seconds", "Between two tokens of a choice.", "model", bounds=GAPS)
TOKENS = REGISTRY.counter("basemodel_tokens_total", "Tokens charged, by kind: prompt or completion.", "model", "kind")

# --- budgets, in the gateway ---

HOLDS = REGISTRY.counter("basemodel_holds_total", "Requests admitted, with their worst case held.", "model")
HELD_TOKENS = REGISTRY.counter("basemodel_held_tokens_total", "Tokens held at admission.", "model")
SETTLES = REGISTRY.counter("basemodel_settles_total", "Holds that ended: settled, failed or abandoned (free).", "model", "how")
SPOOL = REGISTRY.gauge("basemodel_spool_entries", "Endings that Redis could not be told yet.")
ADMITS = REGISTRY.gauge("basemodel_accounting_open", "1 where requests are admitted, 0 where accounting is closed.")
REDIS = REGISTRY.gauge("basemodel_redis_up", "1 where this gateway reaches Redis.")

# --- models, in the gateway ---

STATE = REGISTRY.gauge("basemodel_model_state", "1 for the state that the model is in.", "model", "state")
BREAKER = REGISTRY.gauge("basemodel_breaker_state", "1 for the state of the model's circuit in this gateway.", "model", "state")
ETA_ERROR = REGISTRY.histogram("basemodel_eta_error_seconds", "By how much the first ETA of a boot was wrong.", "model")
BUILD = REGISTRY.gauge("basemodel_build_info", "1, with the versions that run.", "version", "engine")

# --- engines, in the replica ---

BOOTS = REGISTRY.counter("basemodel_boots_total", "Boots that ended: ready or failed.", "model", "outcome")
BOOT_PHASE = REGISTRY.histogram("basemodel_boot_phase_seconds", "Each phase of a boot that became ready.", "model", "phase")
ENGINE_UP = REGISTRY.gauge("basemodel_engine_up", "1 while the engine answers, 0 while it boots or after it died.", "model")
DEATHS = REGISTRY.counter("basemodel_engine_deaths_total", "Engines that were ready and ended.", "model")
ENGINE_RUNNING = REGISTRY.gauge("basemodel_engine_sequences", "Choices that the engine has, running or waiting.", "model")
ENGINE_PREFILL = REGISTRY.gauge("basemodel_engine_prefill_tokens", "Prompt tokens of choices that got nothing yet.", "model")


def zero(model: str) -> None:
    """Before anything happened to a model, that is what its series say; otherwise nobody would see the first event."""
    for family in (HOLDS, HELD_TOKENS, QUEUE_WAIT, TTFT, GAP, ETA_ERROR):
        family.of(model)
    for kind in ("prompt", "completion"):
        TOKENS.of(model, kind)
    for how in ("settled", "failed", "abandoned"):
        SETTLES.of(model, how)
    BREAKER.of(model, "open")


def admitted(model: str, hold: int, waited: float) -> None:
    HOLDS.of(model).add()
    HELD_TOKENS.of(model).add(hold)
    QUEUE_WAIT.of(model).observe(waited)


def ended(model: str, charge: Charge | None) -> None:
    """None: given up, and charged nothing."""
    SETTLES.of(model, "abandoned" if charge is None else "failed" if charge.failed else "settled").add()
    if charge is not None:
        TOKENS.of(model, "prompt").add(charge.prompt)
        TOKENS.of(model, "completion").add(charge.completion)
