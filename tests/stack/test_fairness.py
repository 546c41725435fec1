"""Two keys on one real engine: the one that asks for little does not wait for the other's backlog.

By the order in which tokens come, not by time.
"""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from router.engine import Job, Sampling
from tests.stack.engine import CACHE_TOKENS, SPEC, RealEngine

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

PLACES = 8


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    home: Path = tmp_path_factory.mktemp("engine")
    one = RealEngine(home, SPEC.model_copy(update={"max_num_seqs": PLACES}))
    yield one
    one.close()


def job(name: str, length: int, tokens: int) -> Job:
    ids = (0, *Random(name).choices(range(5, SPEC.max_model_len), k=length - 1))
    return Job(name, ids, Sampling(max_tokens=tokens, ignore_eos=True, temperature=0.0), (1,), tenant=name[0])


def begun(engine: RealEngine, jobs: list[Job]) -> list[str]:
    """The order in which the jobs, asked for all at once, sent their first tokens."""
    engine.came.clear()
    engine.run(*jobs)
    return list(dict.fromkeys(engine.came))


def test_a_request_overtakes_the_backlog_of_another_key(engine: RealEngine) -> None:
    backlog = [job(f"A{number}", 16, 48) for number in range(5 * PLACES)]
    order = begun(engine, [*backlog, job("B", 16, 16)])
    assert order.index("B") < PLACES
    ended = len(engine.came) - engine.came[::-1].index("B")
    assert len(set(engine.came[:ended])) <= 2 * PLACES  # and it ends while most of the backlog waits


def test_a_request_overtakes_long_prompts_that_wait_in_the_engine(engine: RealEngine) -> None:
    """Five places are taken by prompts for which neither a step nor the cache has room."""
    backlog = [job(f"A{number}", 1500, 400) for number in range(PLACES - 3)]
    assert sum(len(one.prompt_ids) for one in backlog) > CACHE_TOKENS
    order = begun(engine, [*backlog, job("B", 16, 16)])
    assert order.index("B") < 2


def test_two_backlogs_take_turns(engine: RealEngine) -> None:
    """Half of what one key asks for has as many tokens as all of the other's: they are done together."""
    many, few = [job(f"A{number}", 16, 24) for number in range(40)], [job(f"B{number}", 16, 24) for number in range(20)]
    order = begun(engine, [*many, *few])
    last = order.index(max((one.id for one in few), key=order.index))
    assert abs(last - 2 * len(few)) <= 2 * PLACES


def test_whose_turn_it_is_changes_no_result(engine: RealEngine) -> None:
    jobs = [job(f"{key}{number}", 40 * number + 5, 12) for number in range(20) for key in "AB"]
    sampled = [msgspec.structs.replace(one, sampling=Sampling(max_tokens=12, logprobs=3)) for one in jobs]
    alone = [engine.one(one) for one in sampled[-4:]]
    together = engine.run(*sampled)[-4:]
    assert [(choices[0].tokens, choices[0].positions) for choices in together] == [(one.tokens, one.positions) for one in alone]
