"""The model itself, as Hugging Face transformers computes it: one sequence at a time, eager attention."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import transformers

from router.catalogue import EMBEDDED


@dataclass(frozen=True)
class Reference:
    """`dtype` of the layers, and of the last projection to logits."""

    model: Any
    head: torch.Tensor

    @classmethod
    @cache
    def of(cls, name: str, dtype: torch.dtype, head_dtype: torch.dtype = torch.float32) -> Reference:
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(EMBEDDED / name, dtype=dtype, attn_implementation="eager")
        model.eval()
        return cls(model, model.lm_head.weight.to(head_dtype))

    @torch.no_grad()
    def logprobs(self, ids: list[int]) -> torch.Tensor:
        """[tokens, vocabulary]: row i is the distribution of the token after ids[i], in nats."""
        hidden = self.model.model(torch.tensor([ids])).last_hidden_state[0]
        return torch.log_softmax((hidden.to(self.head.dtype) @ self.head.T).float(), -1)

    def greedy(self, ids: list[int], count: int, near: float) -> list[set[int]]:
        """The likeliest next tokens, `count` times: several where they are as near as that, and then no further."""
        found: list[set[int]] = []
        for _ in range(count):
            row = self.logprobs(ids)[-1]
            found.append({int(token) for token in (row >= row.max() - near).nonzero().flatten()})
            if len(found[-1]) > 1:
                break
            ids = [*ids, *found[-1]]
        return found
