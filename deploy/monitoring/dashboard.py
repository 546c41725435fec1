"""The Grafana dashboard, as code: `python deploy/monitoring/dashboard.py` writes dashboard.json beside it.

Every row is a list of panels: a title, its unit, and expressions with their legends. `$model` is chosen above.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("dashboard.json")
#: Panels to a row of the grid, which is 24 wide.
ACROSS, HEIGHT = 3, 7
SOURCE = {"type": "prometheus", "uid": "${source}"}
MODEL = '{model=~"$model"}'

#: An expression and its legend.
Line = tuple[str, str]
Panel = tuple[str, str, list[Line]]


def rate(name: str, by: str, only: str = MODEL) -> Line:
    return f"sum by ({by}) (rate(ray_{name}{only}[$__rate_interval]))", legend(by)


def quantiles(name: str, by: str = "model") -> list[Line]:
    buckets = f"sum by (le, {by}) (rate(ray_{name}_bucket{MODEL}[$__rate_interval]))"
    return [(f"histogram_quantile({share}, {buckets})", f"{{{{{by}}}}} p{share * 100:.0f}") for share in (0.5, 0.95, 0.99)]


def overall(share: float, name: str, by: str) -> Line:
    """Since the processes began: of what happens seldom."""
    return f"histogram_quantile({share}, sum by (le, {by}) (ray_{name}_bucket{MODEL}))", legend(by)


def legend(by: str) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in by.split(", "))


def level(name: str, by: str, only: str = "", how: str = "sum") -> Line:
    return f"{how} by ({by}) (ray_{name}{only})", f"{{{{{by}}}}}"


TRAFFIC: list[Panel] = [
    ("Requests", "reqps", [rate("basemodel_requests_total", "model")]),
    ("Requests by how they ended", "reqps", [rate("basemodel_requests_total", "outcome")]),
    ("Requests by route", "reqps", [rate("basemodel_requests_total", "route")]),
]
LATENCY: list[Panel] = [
    ("Time to the first token", "s", quantiles("basemodel_ttft_seconds")),
    ("Between two tokens", "s", quantiles("basemodel_inter_token_seconds")),
    ("Wait for a place of the key", "s", quantiles("basemodel_queue_wait_seconds")),
]
TOKENS: list[Panel] = [
    ("Tokens charged", "short", [rate("basemodel_tokens_total", "model, kind")]),
    ("Prompt tokens that were cached", "short", [rate("vllm_prompt_tokens_cached_total", "model")]),
    (
        "Prefix cache hits",
        "percentunit",
        [(f"{rate('vllm_prefix_cache_hits_total', 'model')[0]} / {rate('vllm_prefix_cache_queries_total', 'model')[0]}", "{{model}}")],
    ),
]
QUEUE: list[Panel] = [
    ("Requests that run", "short", [level("basemodel_running_requests", "NodeAddress")]),
    ("Requests that wait for their key", "short", [level("basemodel_waiting_requests", "NodeAddress")]),
    ("Choices that wait in the engine", "short", [level("vllm_num_requests_waiting", "model", MODEL)]),
]
BUDGETS: list[Panel] = [
    ("Holds", "short", [rate("basemodel_holds_total", "model"), rate("basemodel_settles_total", "how")]),
    ("Tokens held at admission", "short", [rate("basemodel_held_tokens_total", "model")]),
    (
        "Spool, and whether gateways admit",
        "short",
        [
            ("sum(ray_basemodel_spool_entries)", "spooled endings"),
            ("min(ray_basemodel_accounting_open)", "admits"),
            ("min(ray_basemodel_redis_up)", "Redis"),
        ],
    ),
]
MODELS: list[Panel] = [
    ("State", "short", [("max by (model, state) (ray_basemodel_model_state) == 1", "{{model}} {{state}}")]),
    ("Open circuits", "short", [('max by (model, state) (ray_basemodel_breaker_state{state!="closed"}) == 1', "{{model}} {{state}}")]),
    ("Version", "short", [("count by (version, engine) (ray_basemodel_build_info)", "{{version}} {{engine}}")]),
]
BOOTS: list[Panel] = [
    ("Boots in an hour", "short", [("sum by (model, outcome) (increase(ray_basemodel_boots_total[1h]))", "{{model}} {{outcome}}")]),
    ("Phases, in the middle", "s", [overall(0.5, "basemodel_boot_phase_seconds", "model, phase")]),
    ("Error of the ETA, 95 %", "s", [overall(0.95, "basemodel_eta_error_seconds", "model")]),
]
ENGINE: list[Panel] = [
    ("Choices in the batch", "short", [level("vllm_num_requests_running", "model", MODEL)]),
    ("Choices in all", "short", [level("basemodel_engine_sequences", "model", MODEL)]),
    ("KV cache in use", "percentunit", [level("vllm_kv_cache_usage_ratio", "model", MODEL, "max")]),
    ("Engines that answer", "short", [level("basemodel_engine_up", "model", MODEL)]),
    ("Engines that died, in an hour", "short", [("sum by (model) (increase(ray_basemodel_engine_deaths_total[1h]))", "{{model}}")]),
    ("Tokens made", "short", [rate("vllm_generation_tokens_total", "model")]),
    ("Choices put back for want of cache", "short", [rate("vllm_num_preemptions_total", "model")]),
    ("First token, in the engine", "s", quantiles("vllm_time_to_first_token_seconds")),
    ("Between two tokens, in the engine", "s", quantiles("vllm_inter_token_latency_seconds")),
    ("Wait in the engine", "s", quantiles("vllm_request_queue_time_seconds")),
    ("Prompt tokens yet to compute", "short", [level("basemodel_engine_prefill_tokens", "model", MODEL)]),
    ("Prefill", "s", quantiles("vllm_request_prefill_time_seconds")),
    ("Decode", "s", quantiles("vllm_request_decode_time_seconds")),
]
NODES: list[Panel] = [
    ("CPU", "percent", [level("node_cpu_utilization", "NodeAddress")]),
    ("Memory in use", "bytes", [level("node_mem_used", "NodeAddress")]),
    ("Disk that is free", "bytes", [level("node_disk_free", "NodeAddress")]),
]
ROWS = {
    "Traffic": TRAFFIC, "Latency": LATENCY, "Tokens": TOKENS, "Queue": QUEUE, "Budgets": BUDGETS,
    "Models": MODELS, "Boots": BOOTS, "Engine": ENGINE, "Nodes": NODES,
}  # fmt: skip


def dashboard() -> dict[str, Any]:
    variables = [
        {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
        {
            "name": "model", "label": "Model", "type": "query", "datasource": SOURCE, "refresh": 2, "multi": True, "includeAll": True,
            "current": {"text": "All", "value": "$__all"}, "allValue": ".*", "query": "label_values(ray_basemodel_model_state, model)",
        },
    ]  # fmt: skip
    return {
        "uid": "basemodel", "title": "basemodel", "schemaVersion": 39, "editable": True, "refresh": "10s", "tags": ["basemodel"],
        "time": {"from": "now-1h", "to": "now"}, "templating": {"list": variables}, "panels": panels(),
    }  # fmt: skip


def panels() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS.items():
        made.append({"id": len(made) + 1, "type": "row", "title": title, "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}, "panels": []})
        top += 1
        for number, one in enumerate(row):
            made.append(panel(len(made) + 1, one, number % ACROSS, top + number // ACROSS * HEIGHT))
        top += -(-len(row) // ACROSS) * HEIGHT
    return made


def panel(identity: int, described: Panel, column: int, top: int) -> dict[str, Any]:
    title, unit, lines = described
    width = 24 // ACROSS
    return {
        "id": identity,
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"x": column * width, "y": top, "w": width, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression, "legendFormat": legend}
            for number, (expression, legend) in enumerate(lines)
        ],
    }


def text() -> str:
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
