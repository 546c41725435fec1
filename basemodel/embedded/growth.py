"""A trained model made larger without changing what it computes, as the start of a larger one's training.

The idea is Net2Net's (Chen et al. 2015, arXiv 1511.05641): everything new is random where it
reads and zero where it writes, so the larger model's first predictions are the smaller one's
and every new weight has a gradient one step later. Query heads grow inside each key-value
group; added layers come last.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from basemodel.embedded.llama import Llama


@torch.no_grad()
def grow(small: Llama, large: Llama) -> None:
    """Writes `small`'s function into `large`; every size of `large` is at least `small`'s, key-value heads are equal."""
    if small.shape.kv_heads != large.shape.kv_heads:
        raise ValueError("growth keeps the number of key-value heads")
    widen(small.embed_tokens.weight, large.embed_tokens.weight, writes=True)
    scale_norm(small.norm, large.norm)
    for source, target in zip(small.layers, large.layers, strict=False):
        grow_layer(source, target, small, large)
    added: Any
    for added in large.layers[len(small.layers) :]:
        added.self_attn.o_proj.weight.zero_()
        added.mlp.down_proj.weight.zero_()


def grow_layer(source: Any, target: Any, small: Llama, large: Llama) -> None:
    scale_norm(source.input_layernorm, target.input_layernorm)
    scale_norm(source.post_attention_layernorm, target.post_attention_layernorm)
    for name in ("k_proj", "v_proj"):
        widen(getattr(source.self_attn, name).weight, getattr(target.self_attn, name).weight)
    for name in ("gate_proj", "up_proj"):
        widen(getattr(source.mlp, name).weight, getattr(target.mlp, name).weight)
    widen(source.mlp.down_proj.weight, target.mlp.down_proj.weight, writes=True)
    groups = small.shape.kv_heads
    widen(by_group(source.self_attn.q_proj.weight, groups), by_group(target.self_attn.q_proj.weight, groups))
    widen(by_group(source.self_attn.o_proj.weight.T, groups), by_group(target.self_attn.o_proj.weight.T, groups), writes=True)


def by_group(heads: Tensor, groups: int) -> Tensor:
    """A view [groups, heads per group * 64, width] of a matrix whose rows are the query heads' dimensions."""
    grouped: Tensor = heads.unflatten(0, (groups, heads.shape[0] // groups))  # type: ignore[no-untyped-call]
    return grouped


def widen(small: Tensor, large: Tensor, writes: bool = False) -> None:
    """Copies `small` into the leading corner of `large`; what is new stays random, or becomes zero where it writes."""
    if writes:
        large.zero_()
    large[tuple(slice(size) for size in small.shape)] = small


def scale_norm(small: nn.RMSNorm, large: nn.RMSNorm) -> None:
    """Zeros appended to a vector lower its root mean square; the gain takes that back."""
    share = small.weight.numel() / large.weight.numel()
    large.weight.fill_(float(small.weight.mean()) * share**0.5)
    large.weight[: small.weight.numel()] = small.weight * share**0.5
