"""What vLLM answers for one choice, as Deltas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deployments.positions import positions_of, prompt_positions
from router.engine import MOST_ROWS, Delta, EngineDied, Finish, FinishReason, Job


class Outputs:
    """Takes `vllm.RequestOutput`s, each of which may hold several tokens when we were slower than the engine."""

    def __init__(self, job: Job, choice: int) -> None:
        self._sampling, self._choice = job.sampling, choice
        self._length, self._rows = len(job.prompt_of(choice)), job.rows_of(choice)
        self._first = 0

    def deltas(self, output: Any) -> Iterator[Delta]:
        """Lazily: a long prompt's rows become lists a few at a time."""
        if self._rows and output.prompt_logprobs:
            yield from self._prompt(output.prompt_logprobs)
        yield self._tokens(output.outputs[0], output.num_cached_tokens or 0)

    def _prompt(self, logprobs: Any) -> Iterator[Delta]:
        for at in range(0, len(self._rows), MOST_ROWS):
            rows = self._rows[at : at + MOST_ROWS]
            yield Delta(self._choice, 0, [], prompt=prompt_positions(logprobs, self._length, rows), prompt_first=rows.start)

    def _tokens(self, completion: Any, cached: int) -> Delta:
        ids = [int(token) for token in completion.token_ids]
        finish = finish_of(completion)
        if not self._sampling.max_tokens:
            # vLLM cannot make no token at all: the one that it made is not shown.
            ids, finish = [], None if finish is None else Finish(FinishReason.LENGTH)
        first, self._first = self._first, self._first + len(ids)
        positions = None
        if self._sampling.logprobs is not None:
            positions = positions_of(completion.logprobs, len(ids), bool(self._sampling.logprob_token_ids)) if ids else []
        return Delta(self._choice, first, ids, positions, finish, 0 if first else cached)


def finish_of(completion: Any) -> Finish | None:
    if completion.finish_reason is None:
        return None
    if completion.finish_reason not in ("stop", "length"):
        raise EngineDied(f"vLLM ended a request with {completion.finish_reason}")
    return Finish(FinishReason(completion.finish_reason), completion.stop_reason)
