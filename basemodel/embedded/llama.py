"""The Llama architecture for training: parameter names and numerics as Hugging Face's `LlamaForCausalLM`.

RMSNorm, rotary positions (rotate-half form), grouped-query attention and SwiGLU as in Touvron et
al. 2023 (arXiv 2302.13971, 2307.09288); input and output embeddings are tied.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

HEAD_DIM = 64
ROPE_THETA = 10_000.0
NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class Shape:
    """The sizes of one model; `width = heads * 64`."""

    layers: int
    heads: int
    kv_heads: int
    hidden: int
    vocabulary: int
    context: int

    @property
    def width(self) -> int:
        return self.heads * HEAD_DIM


class Attention(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.width, shape.heads * HEAD_DIM, bias=False)
        self.k_proj = nn.Linear(shape.width, shape.kv_heads * HEAD_DIM, bias=False)
        self.v_proj = nn.Linear(shape.width, shape.kv_heads * HEAD_DIM, bias=False)
        self.o_proj = nn.Linear(shape.heads * HEAD_DIM, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, _ = x.shape
        q, k, v = (p(x).view(batch, length, -1, HEAD_DIM).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        repeats = self.shape.heads // self.shape.kv_heads
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        projected: Tensor = self.o_proj(y.transpose(1, 2).reshape(batch, length, -1))
        return projected


class FeedForward(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up_proj = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down_proj = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        projected: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return projected


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.width, NORM_EPSILON)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.width, NORM_EPSILON)
        self.mlp = FeedForward(shape)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        result: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return result


class Llama(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, NORM_EPSILON)
        self.apply(initialise)
        self.cos: Tensor
        self.sin: Tensor
        for name, table in zip(("cos", "sin"), rotations(shape.context), strict=True):
            self.register_buffer(name, table, persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Token ids [batch, length] to final hidden states [batch, length, width]."""
        x = self.embed_tokens(ids)
        for layer in self.layers:
            x = layer(x, self.cos[: ids.shape[1]], self.sin[: ids.shape[1]])
        normed: Tensor = self.norm(x)
        return normed

    def loss(self, ids: Tensor) -> Tensor:
        """Cross-entropy in nats of each next token, [batch, length - 1]."""
        hidden = self(ids[:, :-1])
        logits = functional.linear(hidden, self.embed_tokens.weight)
        losses = functional.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        return losses.view(len(ids), -1)


def initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)


def rotations(context: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines [context, HEAD_DIM] of the rotary embedding (Su et al. 2021, arXiv 2104.09864)."""
    frequencies = ROPE_THETA ** (-torch.arange(0, HEAD_DIM, 2).float() / HEAD_DIM)
    angles = torch.outer(torch.arange(context).float(), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return (x * cos + torch.cat((-right, left), dim=-1) * sin).to(x.dtype)
