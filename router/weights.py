"""Where the weights and the tokenizer of a model come from, and in what numbers they are kept and computed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

EMBEDDED = Path(__file__).parent.parent / "basemodel" / "embedded"
BUCKETS = ("s3://", "gs://", "az://")

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")

#: A folder of this machine, or a repository of the Hugging Face hub and its commit.
Place = tuple[str, str | None]

Quantization = Literal[
    "fp8",
    "fp8_per_tensor",
    "fp8_per_block",
    "fp8_per_channel",
    "int8_per_channel_weight_only",
    "mxfp4",
    "mxfp8",
    "awq",
    "awq_marlin",
    "gptq",
    "gptq_marlin",
    "compressed-tensors",
    "modelopt",
    "modelopt_fp4",
    "quark",
    "torchao",
]
LoadFormat = Literal["auto", "safetensors", "runai_streamer", "runai_streamer_sharded", "fastsafetensors", "sharded_state"]


class Weights(BaseModel):
    """Part of a ModelSpec. Code that comes with a model is never run, so there is no field for it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: str = Field(min_length=1, description="Repository shown as `model` in responses; `embedded/ID` for the shipped ones")
    revision: str = Field(min_length=1, description="Pinned revision of weights and tokenizer; on the hub a full commit hash")
    path: str | None = Field(default=None, description="Local folder or bucket with the weights; default: the embedded folder, or `source`")
    tokenizer: str | None = Field(default=None, description="Local folder or repository with the tokenizer; default: beside the weights")
    tokenizer_revision: str | None = Field(default=None, description="Full commit hash of a tokenizer that is a repository")
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    head_dtype: Literal["float32"] | None = None
    quantization: Quantization | None = Field(default=None, description="None: what the weights' own configuration says")
    kv_cache_dtype: Literal["auto", "bfloat16", "float16", "fp8", "fp8_e4m3", "fp8_e5m2"] = "auto"
    load_format: LoadFormat | None = Field(default=None, description="None: streamed from a bucket, vLLM's own choice else")

    @model_validator(mode="after")
    def weights_are_pinned(self) -> Self:
        if self.path is not None and not self.path.startswith(("/", *BUCKETS)):
            raise ValueError(f"path must be a whole path from / on, or begin with {', '.join(BUCKETS)}; {self.path!r} does neither")
        if self.on_hub and not _REPOSITORY.fullmatch(self.source):
            raise ValueError(f"source {self.source!r} is no repository of the hub (ORGANISATION/NAME); name a folder or bucket with path")
        if self.on_hub and not _COMMIT.fullmatch(self.revision):
            raise ValueError(f"revision {self.revision!r} could move; weights from the hub need a full commit hash (40 hexadecimal digits)")
        return self

    @model_validator(mode="after")
    def tokenizer_can_be_read(self) -> Self:
        if self.tokenizer is None:
            if self.tokenizer_revision is not None:
                raise ValueError("tokenizer_revision is for a repository of the hub; name that with tokenizer, or leave both out")
            if self.in_bucket:
                raise ValueError("gateways read no buckets; name a folder or a repository that has the same tokenizer with tokenizer")
        elif not self.tokenizer.startswith("/"):
            self._check_tokenizer_repository()
        elif self.tokenizer_revision is not None:
            raise ValueError("tokenizer_revision is for a repository of the hub, and tokenizer is a folder; leave it out")
        return self

    def _check_tokenizer_repository(self) -> None:
        if not _REPOSITORY.fullmatch(self.tokenizer or ""):
            raise ValueError(f"tokenizer {self.tokenizer!r} is neither a whole path from / on nor a repository (ORGANISATION/NAME)")
        if not _COMMIT.fullmatch(self.tokenizer_revision or ""):
            raise ValueError("tokenizer is on the hub; give its full commit hash (40 hexadecimal digits) as tokenizer_revision")

    @model_validator(mode="after")
    def bucket_is_streamed(self) -> Self:
        if self.in_bucket and self.load_format not in (None, "runai_streamer", "runai_streamer_sharded"):
            raise ValueError(f"load_format {self.load_format} reads no buckets; leave it out, or use runai_streamer")
        return self

    @property
    def in_bucket(self) -> bool:
        return self.path is not None and self.path.startswith(BUCKETS)

    @property
    def on_hub(self) -> bool:
        return self.path is None and not self.source.startswith("embedded/")

    @property
    def folder(self) -> str:
        """A local folder; or a Hugging Face repository or a bucket, from which the engine loads."""
        if self.path is not None:
            return self.path
        return self.source if self.on_hub else str(EMBEDDED / self.source.removeprefix("embedded/"))

    @property
    def loader(self) -> LoadFormat:
        return self.load_format or ("runai_streamer" if self.in_bucket else "auto")

    @property
    def tokenizer_place(self) -> Place:
        if self.tokenizer is not None:
            return self.tokenizer, self.tokenizer_revision
        return self.folder, self.revision if self.on_hub else None
