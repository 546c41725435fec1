"""Our kernels beside the ones they stand for, and products by several threads, on stdout as JSON.

A process of its own, because vLLM takes seconds to import.

`python -m tests.stack.kernels_probe`
"""

import json
from typing import Any

import torch
from vllm import _custom_ops as ops
from vllm.config import VllmConfig, set_current_vllm_config
from vllm.model_executor.layers.layernorm import RMSNorm
from vllm.platforms import current_platform
from vllm.v1.sample.sampler import Sampler

original_gather = Sampler.gather_logprobs

from deployments import vllm_kernels, vllm_threads  # noqa: E402  # after what it replaces was kept
from tests.conftest import PICO  # noqa: E402
from tests.stack import scores_probe  # noqa: E402

ROWS, WIDTH, VOCABULARY = 70, 96, 4096


def norms(dtype: torch.dtype, width: int) -> dict[str, Any]:
    """Both norms of a layer: how far ours are from vLLM's, and whether a row alone gives the same bits."""
    layer = RMSNorm(width, dtype=dtype)
    layer.weight.data = torch.rand(width, dtype=dtype) + 0.5
    x, residual = torch.randn(ROWS, width, dtype=dtype), torch.randn(ROWS, width, dtype=dtype)
    wanted = [layer.forward_native(x), *layer.forward_native(x.clone(), residual.clone())]
    got = [vllm_kernels.norm(layer, x), *vllm_kernels.norm(layer, x.clone(), residual.clone())]
    alone = [vllm_kernels.norm(layer, x[7:8]), *vllm_kernels.norm(layer, x[7:8].clone(), residual[7:8].clone())]
    off = max((one - other).abs().max().item() for one, other in zip(got, wanted, strict=True))
    return {"off": off, "alone": all(torch.equal(one[7:8], row) for one, row in zip(got, alone, strict=True))}


def gathered(k: int, rows: torch.Tensor) -> bool:
    """Whether values, ids and ranks are vLLM's; ids only where no two values are equal."""
    tokens = torch.randint(0, VOCABULARY, (len(rows),))
    ours, theirs = vllm_kernels.gather_logprobs(rows, k, tokens), original_gather(rows, k, tokens)
    same = torch.equal(ours.logprobs, theirs.logprobs) and torch.equal(ours.selected_token_ranks, theirs.selected_token_ranks)
    return same and torch.equal(ours.logprob_token_ids, theirs.logprob_token_ids) and ours.logprob_token_ids.dtype == torch.int32


def products(threads: int, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    torch.set_num_threads(threads)
    return ops.onednn_mm(ops.create_onednn_mm(weights.t(), 1), inputs, None)  # type: ignore[no-any-return]


def shared() -> dict[str, Any]:
    """Threads of a step by the tokens of its requests; and whether products are the same by any number."""
    vllm_threads.install(PICO.model_copy(update={"threads": 1, "prompt_threads": 3}))
    steps = {"streams": [1] * 200, "a short prompt": [127], "a prompt": [1, 128], "short ones": [31] * 30, "several": [64, 32, 1, 32]}
    counts: dict[str, int] = {}
    for title, scheduled in (*steps.items(), ("streams again", [1])):
        vllm_threads.share(scheduled)
        counts[title] = torch.get_num_threads()
    # Each shape is multiplied once: oneDNN keeps a product with the threads that it was made for.
    inputs, weights = torch.randn(400, 768), torch.randn(512, 768)
    first = products(1, inputs[:150], weights)
    same = [torch.equal(products(threads, inputs[: 150 + threads], weights)[:150], first) for threads in (2, 3, 4)]
    return {"counts": counts, "same": same}


def defaults() -> list[int]:
    """Threads for prompts where nothing is said: of 1, and of more than there are cores."""
    return [vllm_threads.for_prompts(PICO.model_copy(update={"threads": threads})) for threads in (1, 1000)]


def main() -> None:
    torch.manual_seed(1)
    current_platform.import_kernels()
    rows = torch.randn(300, VOCABULARY).log_softmax(-1)
    halves = (rows * 4).round() / 4  # many equal values, for the ranks
    tied = torch.arange(VOCABULARY).repeat(2, 1)[:, :300].reshape(-1)[:300]
    column = halves.gather(-1, tied.unsqueeze(-1))
    with set_current_vllm_config(VllmConfig()):
        found = {
            "float32": norms(torch.float32, WIDTH),
            "an odd width": norms(torch.float32, WIDTH + 1),
            "bfloat16": norms(torch.bfloat16, WIDTH),
            "gathered": {str(k): gathered(k, rows) for k in (0, 1, 2, 20)},
            "scores": {str(first): scores_probe.same(first) for first in (None, 0, 15, 22)},
            "threads": shared(),
            "default threads": defaults(),
            "ranks of equals": torch.equal(vllm_kernels.not_smaller(halves, column), (halves >= column).sum(-1)),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
