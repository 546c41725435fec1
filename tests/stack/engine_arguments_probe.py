"""Prints what vLLM makes of specs that it is given as JSON, as far as that needs no GPU. Run by test_engine_arguments.py."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any, get_args

from vllm.config import CacheConfig, LoadConfig, OffloadConfig, ParallelConfig
from vllm.config.cache import CacheDType
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.model_executor.layers.quantization import QUANTIZATION_METHODS, get_quantization_config
from vllm.model_executor.model_loader import LoadFormats
from vllm.v1.attention.backends.registry import AttentionBackendEnum

from deployments.vllm_engine import engine_arguments
from router.catalogue import ModelSpec


def asked(spec: ModelSpec) -> dict[str, Any]:
    """The arguments that are not vLLM's defaults, and vLLM's own configuration of the parallel part."""
    arguments = engine_arguments(spec, 7)
    defaults = {field.name: field.default for field in dataclasses.fields(AsyncEngineArgs)}
    parallel = ParallelConfig(
        tensor_parallel_size=arguments.tensor_parallel_size,
        pipeline_parallel_size=arguments.pipeline_parallel_size,
        distributed_executor_backend=arguments.distributed_executor_backend,
        disable_custom_all_reduce=arguments.disable_custom_all_reduce,
    )
    LoadConfig(load_format=arguments.load_format, safetensors_load_strategy=arguments.safetensors_load_strategy)
    CacheConfig(cache_dtype=arguments.kv_cache_dtype, gpu_memory_utilization=arguments.gpu_memory_utilization)
    OffloadConfig(uva={"cpu_offload_gb": arguments.cpu_offload_gb})
    changed = {name: repr(getattr(arguments, name)) for name, default in defaults.items() if getattr(arguments, name) != default}
    return {"arguments": changed, "executor": parallel.distributed_executor_backend, "world": parallel.world_size}


def known() -> dict[str, list[str]]:
    """The names that our spec borrows from vLLM."""
    for method in QUANTIZATION_METHODS:
        get_quantization_config(method)
    return {
        "arguments": [field.name for field in dataclasses.fields(AsyncEngineArgs)],
        "quantization": list(QUANTIZATION_METHODS),
        "kv_cache_dtype": list(get_args(CacheDType)),
        "load_format": list(get_args(LoadFormats)),
        "attention_backend": list(AttentionBackendEnum.__members__),
    }


if __name__ == "__main__":
    specs = [ModelSpec.model_validate(one) for one in json.loads(sys.stdin.read())]
    print(json.dumps({"known": known(), "asked": [asked(spec) for spec in specs]}))
