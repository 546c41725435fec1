"""The arguments of vLLM that an operator may set for one model, beside those that have fields of their own.

Only what changes speed, memory or the boot is here: whatever could break a promise (seeds, logprobs, what is logged, whose code
runs) is set by `vllm_engine.py` alone.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Scalar = bool | int | float | str

#: Those that change no result: how weights get into memory, and what waits for what.
INDIFFERENT = frozenset(
    {
        *("cpu_offload_gb", "download_dir", "safetensors_load_strategy", "safetensors_prefetch_num_threads"),
        *("distributed_timeout_seconds", "long_prefill_token_threshold"),
    }
)


class EngineArguments(BaseModel):
    """Names and meanings are those of vLLM's AsyncEngineArgs; None leaves vLLM's own choice."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    attention_backend: Literal["FLASH_ATTN", "FLASHINFER", "TRITON_ATTN", "FLEX_ATTENTION"] | None = None
    moe_backend: Literal["triton", "deep_gemm", "cutlass", "flashinfer_trtllm", "flashinfer_cutlass", "marlin"] | None = None
    enable_expert_parallel: bool | None = None
    disable_custom_all_reduce: bool | None = None
    disable_cascade_attn: bool | None = None
    enforce_eager: bool | None = None
    optimization_level: int | None = Field(default=None, ge=0, le=3)
    max_cudagraph_capture_size: int | None = Field(default=None, ge=1)
    enable_flashinfer_autotune: bool | None = None
    cpu_offload_gb: float | None = Field(default=None, ge=0, description="Weights per GPU that stay in the host's memory, in GiB")
    download_dir: str | None = Field(default=None, min_length=1, description="Where weights from the hub are kept")
    safetensors_load_strategy: Literal["lazy", "eager", "prefetch"] | None = None
    safetensors_prefetch_num_threads: int | None = Field(default=None, ge=1)
    distributed_timeout_seconds: int | None = Field(default=None, ge=1)
    long_prefill_token_threshold: int | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def names_are_allowed(cls, given: Any) -> Any:
        others = sorted(map(str, given.keys() - cls.model_fields.keys())) if isinstance(given, dict) else []
        if others:
            raise ValueError(f"{', '.join(others)} may not be set; what may is {', '.join(sorted(cls.model_fields))}")
        return given

    @property
    def given(self) -> dict[str, Scalar]:
        """Those that the operator set."""
        return self.model_dump(exclude_none=True)

    @property
    def telling(self) -> dict[str, Scalar]:
        """Those of them that can change a result."""
        return {name: value for name, value in self.given.items() if name not in INDIFFERENT}
