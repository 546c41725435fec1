"""Which hosts may be forked, and what a zygote imports with."""

from pathlib import Path

import pytest

from deployments import launch
from router.catalogue import ModelSpec

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=64, threads=2)
ON_GPU = SPEC.model_copy(update={"gpus": 1})


def test_an_engine_over_several_gpus_is_spawned() -> None:
    assert launch.forkable(SPEC)
    assert launch.forkable(ON_GPU)
    assert not launch.forkable(SPEC.model_copy(update={"gpus": 2}))


def test_a_batch_invariant_engine_on_a_gpu_is_spawned() -> None:
    assert not launch.forkable(ON_GPU.model_copy(update={"determinism": "exact"}))


def test_a_zygote_imports_with_one_thread_and_what_all_its_hosts_have(tmp_path: Path) -> None:
    host = launch.environment(SPEC, tmp_path)
    zygote = launch.zygote_environment("cpu", tmp_path, {})
    assert (host["OMP_NUM_THREADS"], zygote["OMP_NUM_THREADS"]) == ("2", "1")
    threads = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    assert {name: host[name] for name in zygote.keys() - threads} == {name: zygote[name] for name in zygote.keys() - threads}


def test_an_engine_on_a_gpu_keeps_what_it_compiled_with_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = launch.environment(ON_GPU, tmp_path / "run")
    assert variables["VLLM_CACHE_ROOT"] == str(tmp_path / "cache" / "vllm")
    assert "TORCH_COMPILE_DISABLE" not in variables


def test_a_log_is_in_its_home_where_the_sockets_are_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path / "home"))
    assert launch.log_path(SPEC, tmp_path / "run") == tmp_path / "logs" / "host-pico.log"
    assert launch.log_path(SPEC, tmp_path / "basemodel-0") == tmp_path / "home" / "logs" / "host-pico.log"
