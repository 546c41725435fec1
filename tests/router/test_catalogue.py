from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from router.catalogue import EMBEDDED, Catalogue, ModelSpec
from router.catalogue_faults import catalogue_faults
from tests.conftest import PICO

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LEAST: dict[str, Any] = {"id": "m", "source": "lab/m", "revision": COMMIT, "max_model_len": 64}
BUCKET = {"path": "s3://lab/m", "tokenizer": "/models/m", "revision": "2026-01"}
LARGE = {"gpus": 16, "tensor_parallel": 8, "pipeline_parallel": 2, "nodes": 2}

#: What an entry adds to the least one, and the words by which its fault must be told.
FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"id": "a/b"}, "id is 'a/b'"),
    ({"colour": "red"}, "colour is no setting"),
    ({"trust_remote_code": True}, "trust_remote_code is no setting"),
    ({"max_model_len": "64"}, "max_model_len is '64'"),
    ({"dtype": "int8"}, "dtype is 'int8'"),
    ({"quantization": "int2"}, "quantization is 'int2'"),
    ({"gpus": 4}, "gpus is 4, and tensor_parallel x pipeline_parallel is 1"),
    ({"tensor_parallel": 2}, "give gpus, their product"),
    ({"nodes": 2}, "give gpus, their product"),
    (LARGE | {"nodes": 3}, "16 gpus cannot be divided over 3 nodes"),
    ({"gpu_memory_utilization": 0.9}, "for models on GPUs"),
    ({"gpus": 1, "gpu_memory_utilization": 0.9, "kv_cache_bytes": 1}, "leave one of them out"),
    ({"revision": "main"}, "revision 'main' could move"),
    ({"source": "m"}, "source 'm' is no repository"),
    ({"path": "models/m"}, "path must be a whole path"),
    (BUCKET | {"tokenizer": None}, "gateways read no buckets"),
    (BUCKET | {"load_format": "fastsafetensors"}, "load_format fastsafetensors reads no buckets"),
    ({"tokenizer": "lab/t", "tokenizer_revision": "main"}, "give its full commit hash"),
    ({"tokenizer": "../t"}, "neither a whole path from / on nor a repository"),
    ({"tokenizer": "/t", "tokenizer_revision": COMMIT}, "tokenizer is a folder"),
    ({"tokenizer_revision": COMMIT}, "name that with tokenizer"),
    ({"engine_arguments": {"enforce_eager": True}}, "engine_arguments are for models on GPUs"),
    ({"determinism": "exact", "quantization": "fp8"}, "determinism exact was not measured"),
    *(({"gpus": 1, "engine_arguments": {name: 1}}, f"{name} may not be set") for name in ("seed", "logprobs_mode", "trust_remote_code")),
    *(({"gpus": 1, "engine_arguments": {name: 1}}, f"{name} may not be set") for name in ("speculative_config", "generation_config")),
    ({"gpus": 1, "engine_arguments": {"enforce_eager": 1}}, "engine_arguments.enforce_eager is 1"),
]


def spec(**changes: Any) -> ModelSpec:
    return ModelSpec.model_validate(LEAST | changes)


def test_a_model_is_found_by_its_id() -> None:
    catalogue = Catalogue(models=(PICO,))
    assert catalogue.get("pico") == PICO
    assert catalogue.get("PICO") is None


def test_weights_are_in_the_embedded_folder_or_a_local_one_or_on_the_hub_or_in_a_bucket() -> None:
    assert PICO.folder == str(EMBEDDED / "pico")
    assert [spec().folder, spec(path="/m").folder, spec(**BUCKET).folder] == ["lab/m", "/m", "s3://lab/m"]
    assert [one.loader for one in (PICO, spec(), spec(**BUCKET))] == ["auto", "auto", "runai_streamer"]


def test_a_tokenizer_is_beside_the_weights_or_where_the_entry_says() -> None:
    assert PICO.tokenizer_place == (str(EMBEDDED / "pico"), None)
    assert spec().tokenizer_place == ("lab/m", COMMIT)
    assert spec(**BUCKET).tokenizer_place == ("/models/m", None)
    assert spec(tokenizer="lab/t", tokenizer_revision=COMMIT[::-1]).tokenizer_place == ("lab/t", COMMIT[::-1])


@pytest.mark.parametrize("changes", [{}, LARGE, BUCKET, {"gpus": 1, "engine_arguments": {"cpu_offload_gb": 2}}], ids=str)
def test_a_spec_survives_the_way_to_its_replica_and_can_be_a_key(changes: dict[str, Any]) -> None:
    one = spec(**changes)
    assert ModelSpec.model_validate_json(one.model_dump_json()) == one
    assert ModelSpec.model_validate(json.loads(one.model_dump_json())) == one
    assert len({one, spec(**changes), PICO}) == 2


@pytest.mark.parametrize(("changes", "says"), FAULTS, ids=str)
def test_a_faulty_entry_is_told_in_one_sentence_that_names_it(changes: dict[str, Any], says: str) -> None:
    sentences = catalogue_faults({"models": [PICO.model_dump(), LEAST | changes]})
    assert len(sentences) == 1
    assert says in sentences[0]
    assert changes.get("id", f"model {LEAST['id']}: ") in sentences[0]
    assert sentences[0].endswith(".")


def test_every_fault_is_told() -> None:
    nameless = {name: value for name, value in LEAST.items() if name != "id"}
    sentences = catalogue_faults({"models": [LEAST | {"dtype": "int8", "colour": "red"}, nameless, 4]})
    assert [one.partition(":")[0] for one in sentences] == ["model m", "model m", "model 2 of the list", "model 3 of the list"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        *(({"models": []}, "at least 1"), ({"models": [LEAST, LEAST]}, "two models are called m")),
        *(({"models": 4}, "models is 4"), ({}, "models is missing"), (None, "it is None")),
    ],
)
def test_a_list_that_is_none_is_refused(content: Any, says: str) -> None:
    assert [says in sentence for sentence in catalogue_faults(content)] == [True]
    with pytest.raises(ValidationError):
        Catalogue.model_validate(content)


def test_a_good_list_has_no_faults() -> None:
    assert catalogue_faults({"models": [PICO.model_dump(), LEAST]}) == []
