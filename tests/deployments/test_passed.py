"""The whole self-check is run once for each kind of engine."""

from pathlib import Path

import pytest

from deployments.passed import Passed
from router.catalogue import ModelSpec


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.safetensors").write_bytes(b"1")
    return ModelSpec(id="pico", source="x/pico", revision="1", path=str(tmp_path / "weights"), max_model_len=64)


def test_what_passed_once_has_passed(spec: ModelSpec, tmp_path: Path) -> None:
    assert not Passed(spec, tmp_path)
    Passed(spec, tmp_path).note()
    assert Passed(spec, tmp_path)


def test_another_spec_or_other_weights_have_not(spec: ModelSpec, tmp_path: Path) -> None:
    Passed(spec, tmp_path).note()
    assert not Passed(spec.model_copy(update={"block_size": 16}), tmp_path)
    (tmp_path / "weights" / "model.safetensors").write_bytes(b"2")
    assert not Passed(spec, tmp_path)


def test_an_engine_on_gpus_is_always_checked_anew(spec: ModelSpec, tmp_path: Path) -> None:
    on_gpu = spec.model_copy(update={"gpus": 1})
    Passed(on_gpu, tmp_path).note()
    assert not Passed(on_gpu, tmp_path)
