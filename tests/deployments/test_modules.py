"""Which modules may import vLLM: a new one is held to the contract unless it is named here."""

import tomllib

from tests.cluster import CHECKOUT

#: Of the engine. They are imported in a model host alone.
ENGINE = {"vllm_engine", "vllm_exact", "vllm_kernels", "vllm_patches", "vllm_scores", "vllm_stats", "vllm_threads"}


def test_every_other_module_is_kept_from_vllm_by_the_linter() -> None:
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (kept,) = [
        one["source_modules"] for one in contracts if "vllm" in one.get("forbidden_modules", ()) and one.get("allow_indirect_imports")
    ]
    present = {path.stem for path in (CHECKOUT / "deployments").glob("*.py")} - {"__init__"}
    assert set(kept) == {f"deployments.{name}" for name in present - ENGINE}
