"""Faster kernels for the CPU, where vLLM 0.32 means PyTorch's general ones to be compiled and here nothing is.

Without a compiler no first request waits for one, but each norm is six passes over the batch, and a rank turns every logit into a truth
value and that into an integer. Measured on 512 rows (`loadtest/RESULTS.md`): a norm in 0.06 ms instead of 0.37, ranks over 4,096
logits in 1.6 instead of 7.7, the likeliest token in 2.1 instead of 7.1. A row's result depends on the row alone, as in the originals.
Import it only in a model host, as `vllm_engine.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from vllm.model_executor.layers.layernorm import RMSNorm
from vllm.v1.outputs import LogprobsTensors
from vllm.v1.sample.sampler import Sampler

#: Logits that are compared at once; as float32 they stay in a core's own cache.
COMPARED_AT_ONCE = 1 << 18
#: vLLM's kernel takes rows of whole AVX-512 registers (csrc/cpu/layernorm.cpp).
LANES = 16

original_norm = RMSNorm.forward_cpu


def install() -> None:
    RMSNorm.forward_cpu = norm
    Sampler.gather_logprobs = staticmethod(gather_logprobs)


def norm(self: Any, x: torch.Tensor, residual: torch.Tensor | None = None) -> Any:
    """By vLLM's own C kernel, which it takes on GPUs only. Both tensors may be written into, as in vLLM's `maybe_inplace`."""
    if not _fits(self, x):
        return original_norm(self, x, residual)
    if residual is not None:
        torch.ops._C.fused_add_rms_norm(x, residual, self.weight.data, self.variance_epsilon)
        return x, residual
    normed = torch.empty_like(x)
    torch.ops._C.rms_norm(normed, x, self.weight.data, self.variance_epsilon)
    return normed


def _fits(layer: Any, x: torch.Tensor) -> bool:
    """In bfloat16 the kernel rounds once where the model's definition rounds twice, so only float32 goes this way."""
    plain = type(layer) is RMSNorm and layer.has_weight and layer.variance_size_override is None
    return plain and x.dtype == layer.weight.dtype == torch.float32 and x.is_contiguous() and x.shape[-1] % LANES == 0


def gather_logprobs(logprobs: torch.Tensor, num_logprobs: int, token_ids: torch.Tensor) -> LogprobsTensors:
    """Of each row of float32 logprobs the token's own and the likeliest, with their ids, and the token's rank; shapes as vLLM's."""
    own_ids = token_ids.unsqueeze(-1)
    own = logprobs.gather(-1, own_ids)
    values, ids = likeliest(logprobs, num_logprobs)
    return LogprobsTensors(torch.cat((own_ids, ids), 1).to(torch.int32), torch.cat((own, values), 1), not_smaller(logprobs, own))


def likeliest(rows: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The k largest of each row, best first, and where they are."""
    if k != 1:
        values, ids = torch.topk(rows, k, dim=-1)
        return values, ids
    ids = torch.ops._C.greedy_argmax(rows).unsqueeze(-1)
    return rows.gather(-1, ids), ids


def not_smaller(rows: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """How many of each row are not smaller than its value (a column). Truths as floats add up exactly: a vocabulary is below 2**24."""
    at_once = max(1, COMPARED_AT_ONCE // rows.shape[1])
    parts = zip(torch.split(rows, at_once), torch.split(values, at_once), strict=True)
    return torch.cat([torch.ge(part, value, out=torch.empty_like(part)).sum(-1) for part, value in parts]).to(torch.int64)
