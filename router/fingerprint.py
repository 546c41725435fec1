"""`system_fingerprint`: equal fingerprints, comparable results."""

from __future__ import annotations

import hashlib
import json

from router.catalogue import ModelSpec
from router.tokens import Vocabulary

#: Raised whenever a change of ours (`deployments/vllm_patches.py`, `vllm_exact.py`, `vllm_kernels.py`) changes a result's last bits.
NUMERICS = 2

Ingredients = dict[str, str | int | float | None]


def ingredients(spec: ModelSpec, vocabulary: Vocabulary, engine_version: str) -> Ingredients:
    """Everything that can change a result, and nothing else.

    Attention adds up in blocks, layers add up over GPUs, and nodes and kinds of GPUs choose how: all of them count.
    """
    return {
        "source": spec.source,
        "revision": spec.revision,
        "tokenizer": vocabulary.digest,
        "bos_id": vocabulary.bos_id,
        "eos_id": vocabulary.eos_id,
        "max_model_len": spec.max_model_len,
        "dtype": spec.dtype,
        "head_dtype": spec.head_dtype,
        "quantization": spec.quantization,
        "kv_cache_dtype": spec.kv_cache_dtype,
        "determinism": spec.determinism,
        "gpus": spec.gpus,
        "tensor_parallel": spec.tensor_parallel,
        "pipeline_parallel": spec.pipeline_parallel,
        "nodes": spec.nodes,
        "accelerator_type": spec.accelerator_type,
        "block_size": spec.block_size,
        **spec.engine_arguments.telling,
        "engine": engine_version,
        "numerics": NUMERICS,
    }


def fingerprint(parts: Ingredients) -> str:
    text = json.dumps(parts, sort_keys=True)
    return "fp_" + hashlib.sha256(text.encode()).hexdigest()[:12]
