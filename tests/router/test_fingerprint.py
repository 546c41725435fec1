from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from router.catalogue import EMBEDDED
from router.engine_arguments import EngineArguments
from router.fingerprint import fingerprint, ingredients
from router.tokens import Vocabulary
from tests.conftest import PICO


def of(vocabulary: Vocabulary, engine: str = "vllm-0.32.0", **changes: Any) -> str:
    return fingerprint(ingredients(PICO.model_copy(update=changes), vocabulary, engine))


CHANGING: list[dict[str, Any]] = [
    *({"source": "x"}, {"revision": "2"}, {"dtype": "float16"}, {"head_dtype": "float32"}, {"determinism": "statistical"}),
    *({"gpus": 2}, {"tensor_parallel": 2}, {"pipeline_parallel": 2}, {"nodes": 2}, {"accelerator_type": "H100"}),
    *({"block_size": 16}, {"max_model_len": 1024}, {"quantization": "fp8"}, {"kv_cache_dtype": "fp8"}),
    *({"engine_arguments": EngineArguments(enforce_eager=True)}, {"engine_arguments": EngineArguments(attention_backend="FLASHINFER")}),
]
INDIFFERENT: list[dict[str, Any]] = [
    *({"id": "x"}, {"path": "/x"}, {"warm": False}, {"max_replicas": 9}, {"idle_seconds": 9}, {"max_num_seqs": 9}),
    *({"kv_cache_bytes": 1 << 30}, {"max_num_batched_tokens": 512}, {"hang_seconds": 9.0}, {"max_logprobs": 5}),
    *({"load_format": "runai_streamer"}, {"gpu_memory_utilization": 0.5}, {"tokenizer": "/x"}),
    {"engine_arguments": EngineArguments(cpu_offload_gb=8.0, download_dir="/x", safetensors_load_strategy="eager")},
]


@pytest.mark.parametrize("changes", CHANGING, ids=str)
def test_it_changes_with_whatever_can_change_a_result(vocabulary: Vocabulary, changes: dict[str, Any]) -> None:
    assert of(vocabulary, **changes) != of(vocabulary)


@pytest.mark.parametrize("changes", INDIFFERENT, ids=str)
def test_it_changes_with_nothing_else(vocabulary: Vocabulary, changes: dict[str, Any]) -> None:
    assert of(vocabulary, **changes) == of(vocabulary)


def test_another_engine_is_another_fingerprint(vocabulary: Vocabulary) -> None:
    assert of(vocabulary, "vllm-0.33.0") != of(vocabulary)


def test_another_tokenizer_file_is_another_fingerprint(vocabulary: Vocabulary, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EMBEDDED / "pico", tmp_path / "copy"))
    assert of(Vocabulary.load(str(folder))) == of(vocabulary)
    (folder / "tokenizer.json").write_text((folder / "tokenizer.json").read_text() + "\n")
    assert of(Vocabulary.load(str(folder))) != of(vocabulary)


def test_so_is_another_bos(vocabulary: Vocabulary, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EMBEDDED / "pico", tmp_path / "copy"))
    config = folder / "tokenizer_config.json"
    config.write_text(config.read_text().replace("<|begin_of_text|>", "<|end_of_text|>"))
    assert of(Vocabulary.load(str(folder))) != of(vocabulary)
