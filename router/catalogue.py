"""The models that are served: one `ModelSpec` each, written once in serve_config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from router.engine_arguments import EngineArguments
from router.hardware import Hardware
from router.warm_windows import WarmWindow
from router.weights import EMBEDDED as EMBEDDED
from router.weights import Weights

ModelId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]


class ModelSpec(Weights, Hardware):
    """What one model is and how its engine runs. Sizes are in tokens, bytes or seconds, as named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: ModelId
    max_model_len: int = Field(gt=0)
    determinism: Literal["exact", "statistical"] = "statistical"
    max_logprobs: int = Field(default=100, ge=0, le=1000)
    max_scoring_entries: int = Field(default=4_000_000, gt=0, description="Logprobs, tokens x (k + 1), that one request may ask for")
    warm: bool = False
    warm_windows: tuple[WarmWindow, ...] = Field(default=(), strict=False, description="When it is kept ready though nobody asks")
    idle_seconds: int = Field(default=600, ge=1)
    max_replicas: int = Field(default=1, ge=1)
    target_sequences: int | None = Field(default=None, ge=1, description="What one replica is meant to carry; None: max_num_seqs")
    upscale_seconds: float = Field(default=2.0, ge=0, description="How long load must last before a replica is added")
    downscale_seconds: float = Field(default=60.0, ge=0, description="How long less must have been enough before one is taken away")
    max_boots_per_hour: int = Field(default=12, ge=1)
    max_num_seqs: int = Field(default=128, ge=1)
    max_num_batched_tokens: int = Field(default=2048, ge=1)
    boot_timeout_seconds: int = Field(default=600, ge=1)
    hang_seconds: float = Field(default=30.0, gt=0, description="An engine silent for longer is replaced")
    max_request_seconds: int = Field(default=3600, ge=1)
    shared_prefix: bool = False
    fork: bool = Field(default=True, description="Boot by a fork of the node's zygote; false: by a start of Python, far slower")
    engine_arguments: EngineArguments = EngineArguments()

    @model_validator(mode="after")
    def cpu_runs_what_was_measured(self) -> ModelSpec:
        if self.gpus == 0 and self.engine_arguments.given:
            raise ValueError("engine_arguments are for models on GPUs; leave them out, or give gpus")
        if self.gpus == 0 and self.determinism == "exact" and (self.quantization is not None or self.kv_cache_dtype != "auto"):
            raise ValueError("determinism exact was not measured on CPUs with quantization or kv_cache_dtype; say statistical")
        return self

    @property
    def warm_policy(self) -> str:
        if self.warm:
            return "always"
        return "window" if self.warm_windows else "on_demand"


class Catalogue(BaseModel):
    """All models, in the order of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    models: tuple[ModelSpec, ...] = Field(min_length=1, strict=False)

    @model_validator(mode="after")
    def ids_are_unique(self) -> Catalogue:
        ids = [model.id for model in self.models]
        repeated = sorted({one for one in ids if ids.count(one) > 1})
        if repeated:
            raise ValueError(f"two models are called {', '.join(repeated)}; ids must differ")
        return self

    def get(self, model_id: str) -> ModelSpec | None:
        return next((model for model in self.models if model.id == model_id), None)

    @property
    def ids(self) -> list[str]:
        return [model.id for model in self.models]
