"""What one replica of a model runs on: CPU threads, or GPUs of one node or several."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Hardware(BaseModel):
    """Part of a ModelSpec."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    gpus: int = Field(default=0, ge=0, description="GPUs of one replica, tensor_parallel x pipeline_parallel; 0: CPU")
    tensor_parallel: int = Field(default=1, ge=1, description="GPUs over which every layer is split")
    pipeline_parallel: int = Field(default=1, ge=1, description="Groups of GPUs over which the layers are shared out")
    nodes: int = Field(default=1, ge=1, description="Nodes that the GPUs of one replica may be on")
    accelerator_type: str | None = Field(default=None, min_length=1, description="Kind of GPU as Ray names it, such as H100; None: any")
    gpu_memory_utilization: float | None = Field(default=None, gt=0, le=1, description="Part of a GPU's memory; None: vLLM's own choice")
    kv_cache_bytes: int | None = Field(default=None, gt=0, description="KV cache per engine, on each of its GPUs; None: vLLM's own choice")
    block_size: int | None = Field(default=None, gt=0)
    threads: int = Field(default=1, ge=1, description="CPU threads of one engine")
    prompt_threads: int | None = Field(
        default=None, ge=1, description="CPU threads of a step that computes prompts; None: twice threads, as far as there are cores"
    )
    num_cpus: float = Field(default=0.1, ge=0, description="What Ray counts for the replica actor")

    @model_validator(mode="after")
    def gpus_are_shared_out(self) -> Self:
        product = self.tensor_parallel * self.pipeline_parallel
        if self.gpus == 0 and (product, self.nodes) != (1, 1):
            raise ValueError("tensor_parallel, pipeline_parallel and nodes are for models on GPUs; give gpus, their product")
        if self.gpus not in (0, product):
            raise ValueError(f"gpus is {self.gpus}, and tensor_parallel x pipeline_parallel is {product}; make them equal")
        if self.gpus and self.gpus % self.nodes:
            raise ValueError(f"{self.gpus} gpus cannot be divided over {self.nodes} nodes evenly; change nodes")
        return self

    @model_validator(mode="after")
    def memory_is_said_once(self) -> Self:
        if self.gpus == 0 and (self.gpu_memory_utilization is not None or self.accelerator_type is not None):
            raise ValueError("gpu_memory_utilization and accelerator_type are for models on GPUs; leave them out, or give gpus")
        if self.gpu_memory_utilization is not None and self.kv_cache_bytes is not None:
            raise ValueError("gpu_memory_utilization says nothing where kv_cache_bytes is given; leave one of them out")
        return self
