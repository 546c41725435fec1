"""The prompt tokens that jobs wait for."""

from deployments.prefill import Prefill
from router.engine import Job, Sampling

JOB = Job("job", (1, 2, 3), Sampling(max_tokens=1), seeds=(None, None), tails=((4,), (5, 6)))


def test_a_prompt_counts_for_each_choice_until_something_of_it_came() -> None:
    prefill = Prefill()
    prefill.begin(1, JOB)
    assert prefill.tokens == 4 + 5
    prefill.came(1, 1)
    prefill.came(1, 1)
    assert prefill.tokens == 4
    prefill.forget(1)
    prefill.came(1, 0)
    assert prefill.tokens == 0
