"""What a ModelSpec says arrives in vLLM's own configuration; nothing here needs the GPUs that it speaks of."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from deployments.launch import environment
from router.engine_arguments import EngineArguments
from router.weights import LoadFormat, Quantization, Weights
from tests.cluster import CHECKOUT
from tests.conftest import PICO

pytestmark = pytest.mark.stack

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = {"id": "m", "source": "lab/m", "revision": COMMIT, "max_model_len": 64}
ARGUMENTS = {"enforce_eager": True, "cpu_offload_gb": 2.0, "safetensors_load_strategy": "eager", "disable_custom_all_reduce": True}

#: Specs, and what vLLM must be asked for then.
SPECS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "cpu": (PICO.model_dump(), {"model": PICO.folder, "enforce_eager": True, "distributed_executor_backend": "uni"}),
    "hub": (HUB | {"gpus": 1}, {"model": "lab/m", "revision": COMMIT, "tokenizer_revision": COMMIT, "distributed_executor_backend": "uni"}),
    "one node": (
        HUB | {"gpus": 4, "tensor_parallel": 4, "gpu_memory_utilization": 0.8},
        {"tensor_parallel_size": 4, "distributed_executor_backend": "mp", "gpu_memory_utilization": 0.8},
    ),
    "two nodes": (
        HUB | {"gpus": 16, "tensor_parallel": 8, "pipeline_parallel": 2, "nodes": 2},
        {"tensor_parallel_size": 8, "pipeline_parallel_size": 2, "distributed_executor_backend": "ray"},
    ),
    "bucket": (
        HUB | {"gpus": 1, "path": "s3://lab/m", "tokenizer": "lab/t", "tokenizer_revision": COMMIT[::-1]},
        {"model": "s3://lab/m", "load_format": "runai_streamer", "tokenizer": "lab/t", "tokenizer_revision": COMMIT[::-1]},
    ),
    "small numbers": (
        HUB | {"gpus": 1, "quantization": "fp8", "kv_cache_dtype": "fp8", "load_format": "fastsafetensors"},
        {"quantization": "fp8", "kv_cache_dtype": "fp8", "load_format": "fastsafetensors"},
    ),
    "engine arguments": (HUB | {"gpus": 1, "engine_arguments": ARGUMENTS}, ARGUMENTS),
}
#: What a promise hangs on, whatever the spec says. An argument that has vLLM's default is not told.
ALWAYS = {"seed": "7", "scheduling_policy": "'priority'", "generation_config": "'vllm'", "enable_prefix_caching": "True"}
NEVER = {"trust_remote_code", "logprobs_mode", "speculative_config", "enable_lora", "enable_log_requests"}


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.stack.engine_arguments_probe"]
    folder: Path = tmp_path_factory.mktemp("probe")
    specs = json.dumps([spec for spec, _ in SPECS.values()])
    ran = subprocess.run(command, input=specs, env=environment(PICO, folder), cwd=CHECKOUT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", SPECS)
def test_what_a_spec_says_is_asked_of_vllm(answer: dict[str, Any], name: str) -> None:
    arguments = answer["asked"][list(SPECS).index(name)]["arguments"]
    expected = {field: repr(value) for field, value in SPECS[name][1].items()}
    assert {field: arguments.get(field) for field in expected} == expected


@pytest.mark.parametrize("name", SPECS)
def test_what_promises_hang_on_is_never_left_to_the_spec(answer: dict[str, Any], name: str) -> None:
    arguments = answer["asked"][list(SPECS).index(name)]["arguments"]
    assert {field: arguments[field] for field in ALWAYS} == ALWAYS
    assert not NEVER & arguments.keys()


def test_vllm_takes_the_executor_that_is_named_for_it(answer: dict[str, Any]) -> None:
    made = {name: (one["executor"], one["world"]) for name, one in zip(SPECS, answer["asked"], strict=True)}
    assert (made["cpu"], made["one node"], made["two nodes"]) == (("uni", 1), ("mp", 4), ("ray", 16))


def test_every_name_that_the_spec_borrows_is_known_to_vllm(answer: dict[str, Any]) -> None:
    known = answer["known"]
    assert set(EngineArguments.model_fields) <= set(known["arguments"])
    assert set(get_args(Quantization)) <= set(known["quantization"])
    assert set(get_args(LoadFormat)) <= set(known["load_format"])
    assert set(get_args(Weights.model_fields["kv_cache_dtype"].annotation)) <= set(known["kv_cache_dtype"])
    backends = get_args(EngineArguments.model_fields["attention_backend"].annotation)[0]
    assert set(get_args(backends)) <= set(known["attention_backend"])
