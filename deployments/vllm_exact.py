"""The CPU kernels of an `exact` model: a row's result depends on nothing but the row and its own context.

vLLM 0.32 and its oneDNN choose kernels and tiles by the size of the batch, and another order of sums changes the
last bits. Measured: with these, requests agree to the bit alone and in any batch, chunk, cache state or preemption.
Import it only in a model host, as `vllm_engine.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from vllm import _custom_ops as ops
from vllm.model_executor.layers import utils as layers
from vllm.model_executor.layers.logits_processor import LogitsProcessor

#: Query heads that vLLM's attention works on at once (csrc/cpu/cpu_attn_vec.hpp, MaxQHeadNumPerIteration).
HEADS_AT_ONCE = 8
#: oneDNN keeps one compiled product per number of rows.
PRODUCTS_KEPT = 128

original_head = LogitsProcessor._apply_head
original_linear = layers.cpu_unquantized_gemm


def install() -> None:
    from vllm.v1.attention.backends import cpu_attn  # not on a GPU

    layers.cpu_unquantized_gemm = linear
    builder = cpu_attn.CPUAttentionMetadataBuilder
    build, choose = builder.build, cpu_attn._get_attn_isa
    builder.build = lambda self, prefix, batch, fast_build=False: build(self, prefix, in_pieces(self, batch), fast_build)
    # AMX has kernels of its own for small batches, and none was measured.
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
    layers.check_cpu_sgl_kernel = lambda n, k, dtype: False
    cpu_attn._get_attn_isa = lambda *args, **kwargs: choose(*args, **kwargs).replace("amx", "vec")


def install_head() -> None:
    """Also for models that are not `exact`, because it is the faster one."""
    LogitsProcessor._apply_head = head


def head(self: Any, lm_head: Any, hidden_states: Any, embedding_bias: Any) -> Any:
    """A float32 head by oneDNN, its weights packed once: vLLM casts them at every step, for a product whose rows
    depend on their number.
    """
    if self.head_dtype != torch.float32 or lm_head.weight.dtype == torch.float32:
        return original_head(self, lm_head, hidden_states, embedding_bias)
    if not hasattr(lm_head, "packed_head"):
        lm_head.packed_head = ops.create_onednn_mm(lm_head.weight.float().t(), PRODUCTS_KEPT)
    bias = None if embedding_bias is None else embedding_bias.float()
    return by_two(lambda rows: ops.onednn_mm(lm_head.packed_head, rows, bias), hidden_states.float())


def linear(layer: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    return by_two(lambda rows: original_linear(layer, rows, weight, bias), x)


def by_two(product: Callable[[Any], Any], rows: Any) -> Any:
    """oneDNN multiplies a row that is alone by another kernel, which adds in another order: it gets a companion."""
    return product(rows.expand(2, -1).contiguous())[:1] if rows.shape[0] == 1 else product(rows)


def in_pieces(builder: Any, batch: Any) -> Any:
    """The batch with each request's new tokens as several requests, so short that attention takes each at once.

    Only then does it go through a context of any length in one tile: for longer ones it makes the tiles as long as the
    cache has room for beside the queries, and where one ends the sum is rounded.
    """
    most = max(1, HEADS_AT_ONCE // (builder.num_heads // builder.num_kv_heads))
    if batch.max_query_len <= most:
        return batch
    starts, lengths = batch.query_start_loc[:-1], batch.query_start_loc.diff()
    counts = (lengths + most - 1) // most
    owner = torch.repeat_interleave(torch.arange(len(counts)), counts)
    nth = torch.arange(len(owner)) - (counts.cumsum(0) - counts)[owner]
    begins, ends = starts[owner] + nth * most, (starts + lengths)[owner]
    stops = torch.minimum(begins + most, ends)
    bounds = torch.cat((begins, stops[-1:])).to(torch.int32)
    return replace(
        batch,
        num_reqs=len(owner),
        query_start_loc=bounds,
        query_start_loc_cpu=bounds,
        seq_lens=(batch.seq_lens[owner] - (ends - stops)).to(torch.int32),
        block_table_tensor=batch.block_table_tensor[owner],
        max_query_len=most,
    )
