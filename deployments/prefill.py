"""How many prompt tokens the jobs of a host still wait for."""

from __future__ import annotations

from collections.abc import Hashable

from router.engine import Job


class Prefill:
    """An estimate from above: a choice's whole prompt counts until its first delta, whatever of it is computed or cached."""

    def __init__(self) -> None:
        self._jobs: dict[Hashable, dict[int, int]] = {}

    @property
    def tokens(self) -> int:
        return sum(sum(choices.values()) for choices in self._jobs.values())

    def begin(self, call: Hashable, job: Job) -> None:
        self._jobs[call] = {choice: len(job.prompt_of(choice)) for choice in range(len(job.seeds))}

    def came(self, call: Hashable, choice: int) -> None:
        """Something of this choice did."""
        self._jobs.get(call, {}).pop(choice, None)

    def forget(self, call: Hashable) -> None:
        self._jobs.pop(call, None)
