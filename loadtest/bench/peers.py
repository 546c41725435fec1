"""The peers: vLLM's own server, LiteLLM in front of it, and ray.serve.llm, each on a model of ours."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from deployments import launch as hosts
from loadtest.bench.servers import Server, answering, ended, launch
from loadtest.bench.works import LITELLM, RAY_LLM, VLLM
from loadtest.boot import start_server
from loadtest.gateways import CHECKOUT, free_port
from router.catalogue import ModelSpec

PEERS = CHECKOUT / ".venv-peers"
#: As vLLM's own server and ray.serve.llm call whatever they serve.
SERVED = "it"


def limits(spec: ModelSpec) -> dict[str, int]:
    """An engine's settings that our hosts have too."""
    return {
        "max_num_seqs": spec.max_num_seqs,
        "max_num_batched_tokens": spec.max_num_batched_tokens,
        "max_logprobs": spec.max_logprobs,
    }


@contextmanager
def vllm(spec: ModelSpec, folder: Path) -> Iterator[Server]:
    """Eager and in float32, as our hosts are; without a line in its log for each request."""
    options = ["--enforce-eager", "--disable-uvicorn-access-log"]
    for name, value in limits(spec).items():
        options += [f"--{name.replace('_', '-')}", str(value)]
    server = Server(VLLM, free_port(), SERVED, ("none",), folder)
    with ended(folder) as mark:
        began = time.monotonic()
        process = start_server(spec, folder, ["--port", str(server.port), *options], mark)
        yield replace(server, boot=answering(server, process, began))


@contextmanager
def litellm(behind: Server, folder: Path) -> Iterator[Server]:
    """Without a database; in front of a server that runs."""
    passed = {"model": f"text-completion-openai/{behind.model}", "api_base": f"http://127.0.0.1:{behind.port}/v1", "api_key": "none"}
    server = Server(LITELLM, free_port(), behind.model, (f"sk-{secrets.token_hex(24)}",), folder, behind=behind)
    config = {"model_list": [{"model_name": behind.model, "litellm_params": passed}], "general_settings": {"master_key": server.keys[0]}}
    (folder / "litellm.yaml").write_text(yaml.safe_dump(config))
    options = {"config": folder / "litellm.yaml", "host": "127.0.0.1", "port": server.port}
    command = [str(PEERS / "litellm" / "bin" / "litellm"), *(f"--{name}={value}" for name, value in options.items())]
    with ended(folder) as mark:
        began = time.monotonic()
        process = launch(command, os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"} | mark, folder)
        yield replace(server, boot=answering(server, process, began))


@contextmanager
def ray_llm(spec: ModelSpec, folder: Path) -> Iterator[Server]:
    """`build_openai_app` with its defaults, on a cluster of its own."""
    server = Server(RAY_LLM, free_port(), SERVED, ("none",), folder)
    settings = {"dtype": "float32", "max_model_len": spec.max_model_len, "enforce_eager": True, "generation_config": "vllm", **limits(spec)}
    given = {"port": server.port, "folder": str(folder / "ray"), "model": spec.folder, "served": SERVED, "engine": settings}
    (folder / "ray_llm.yaml").write_text(yaml.safe_dump(given))
    command = [str(PEERS / "ray-llm" / "bin" / "python"), "-m", "loadtest.bench.ray_llm_app", str(folder / "ray_llm.yaml")]
    with ended(folder) as mark:
        began = time.monotonic()
        process = launch(command, ray_environment() | {"VLLM_CACHE_ROOT": str(folder / "cache")} | mark, folder)
        yield replace(server, boot=answering(server, process, began))


def ray_environment() -> dict[str, str]:
    """Nothing of ours that Ray reads, no token of its own in ~/.ray, and an engine as that of vLLM's own server."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "BASEMODEL_"))}
    return plain | hosts.ENVIRONMENT | {"VLLM_CPU_KVCACHE_SPACE": "1", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
