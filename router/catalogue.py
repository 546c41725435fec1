"""The models that are served: one `ModelSpec` each, written once in serve_config.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

EMBEDDED = Path(__file__).parent.parent / "basemodel" / "embedded"

ModelId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]


class ModelSpec(BaseModel):
    """What one model is and how its engine runs. Sizes are in tokens, bytes or seconds, as named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: ModelId
    source: str = Field(min_length=1, description="Repository shown as `model` in responses; `embedded/ID` for the shipped ones")
    revision: str = Field(min_length=1, description="Pinned revision of weights and tokenizer")
    path: str | None = Field(default=None, description="Local folder with the weights; default: the embedded folder, or `source`")
    max_model_len: int = Field(gt=0)
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    head_dtype: Literal["float32"] | None = None
    determinism: Literal["exact", "statistical"] = "statistical"
    max_logprobs: int = Field(default=100, ge=0, le=1000)
    max_scoring_entries: int = Field(default=4_000_000, gt=0, description="Logprobs, tokens x (k + 1), that one request may ask for")
    warm: bool = False
    idle_seconds: int = Field(default=600, ge=1)
    max_replicas: int = Field(default=1, ge=1)
    max_num_seqs: int = Field(default=128, ge=1)
    max_num_batched_tokens: int = Field(default=2048, ge=1)
    kv_cache_bytes: int | None = Field(default=None, gt=0, description="KV cache per engine; None: vLLM's own choice")
    block_size: int | None = Field(default=None, gt=0)
    gpus: int = Field(default=0, ge=0, description="GPUs of one replica (tensor parallel on one node); 0: CPU")
    threads: int = Field(default=1, ge=1, description="CPU threads of one engine")
    num_cpus: float = Field(default=0.1, ge=0, description="What Ray counts for the replica actor")
    boot_timeout_seconds: int = Field(default=600, ge=1)
    cold_wait_seconds: int = Field(default=120, ge=1, description="How long a request for a cold model is held")
    hang_seconds: float = Field(default=30.0, gt=0, description="An engine silent for longer is replaced")
    max_request_seconds: int = Field(default=3600, ge=1)
    shared_prefix: bool = False

    @property
    def folder(self) -> str:
        """A local folder, or a Hugging Face repository for the engine to download."""
        if self.path is not None:
            return self.path
        return str(EMBEDDED / self.source.removeprefix("embedded/")) if self.source.startswith("embedded/") else self.source

    @property
    def warm_policy(self) -> str:
        return "always" if self.warm else "on_demand"


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
