"""A model whose scaling the tests look at."""

from __future__ import annotations

from router.catalogue import ModelSpec

SPEC = ModelSpec(
    id="scaled",
    source="embedded/pico",
    revision="1",
    max_model_len=2048,
    max_replicas=5,
    max_num_seqs=100,
    max_num_batched_tokens=1000,
    idle_seconds=100,
    upscale_seconds=2,
    downscale_seconds=60,
    boot_timeout_seconds=120,
)
