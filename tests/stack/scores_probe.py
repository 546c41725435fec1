"""A runner of vLLM's, as far as the scoring of prompts looks at it; for `kernels_probe.py`."""

from types import SimpleNamespace
from typing import Any

import torch
from vllm.v1.sample.sampler import Sampler
from vllm.v1.worker.gpu_model_runner import GPUModelRunner

original_scores = GPUModelRunner._get_prompt_logprobs_dict

from deployments import vllm_scores  # noqa: E402  # after what it replaces was kept

LENGTHS, WIDTH, VOCABULARY, K = {"a": 50, "b": 23}, 8, 96, 3
HEAD, STATES = torch.randn(WIDTH, VOCABULARY), {name: torch.randn(length, WIDTH) for name, length in LENGTHS.items()}
#: Tokens of each request in each step; the last ones compute the prompt's last token, or a token after it.
STEPS = ({"a": 20}, {"a": 10, "b": 22}, {"a": 19, "b": 1}, {"a": 1})


class Runner:
    """`first`: how many of each prompt's tokens may come from a cache; nothing does."""

    def __init__(self, first: int | None) -> None:
        parameters = SimpleNamespace(extra_args=None if first is None else {vllm_scores.MOST_CACHED: first})
        self.requests = {name: self._request(length, parameters) for name, length in LENGTHS.items()}
        self.num_prompt_logprobs = dict.fromkeys(LENGTHS, K)
        self.sampler, self.model, self.device = Sampler(), self, torch.device("cpu")
        self.model_config = SimpleNamespace(logprobs_mode="raw_logprobs")
        self.rows = 0

    def _request(self, length: int, parameters: Any) -> Any:
        ids, progress = torch.arange(length).mul(7).remainder(VOCABULARY).tolist(), {"in_progress_prompt_logprobs_cpu": None}
        return SimpleNamespace(prompt_token_ids=ids, num_computed_tokens=0, sampling_params=parameters, **progress)

    def compute_logits(self, states: torch.Tensor) -> torch.Tensor:
        self.rows += len(states)
        return states @ HEAD

    def _sync_device(self) -> None: ...

    def run(self, scores: Any) -> dict[str, Any]:
        """All steps, as vLLM runs them; each request's tensors."""
        done: dict[str, Any] = {}
        for step in STEPS:
            self.input_batch = SimpleNamespace(req_id_to_index={name: at for at, name in enumerate(step)})
            self.query_start_loc = SimpleNamespace(np=torch.tensor([0, *step.values()]).cumsum(0).numpy())
            done |= scores(self, torch.cat([self._states(name, tokens) for name, tokens in step.items()]), step)
            for name, tokens in step.items():
                self.requests[name].num_computed_tokens += tokens
        return done

    def _states(self, name: str, tokens: int) -> torch.Tensor:
        computed = self.requests[name].num_computed_tokens
        return STATES[name][computed : computed + tokens]


def same(first: int | None) -> dict[str, Any]:
    """Whether the wanted rows are vLLM's, and how many were computed by each."""
    theirs, ours = Runner(first), Runner(first)
    wanted, got = theirs.run(original_scores), ours.run(vllm_scores.prompt_logprobs)
    pairs = [zip(wanted[name][:3], got[name][:3], strict=True) for name in LENGTHS]
    equal = all(torch.equal(one[first or 0 :], other[first or 0 :]) for pair in pairs for one, other in pair)
    return {"equal": equal, "rows": ours.rows, "theirs": theirs.rows, "left": len(ours.num_prompt_logprobs)}
