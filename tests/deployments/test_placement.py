"""Where a prompt goes: to whom has it, unless others have far less to do."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as some

from deployments.placement import MOST_HOLDERS, Loads, Placement
from deployments.prefix_keys import Hint, keys_of
from router.engine import Job, Sampling

IDLE = {"a": 0.0, "b": 0.0, "c": 0.0}


def document(name: str, length: int = 1200) -> tuple[int, ...]:
    return tuple(Random(name).choices(range(5, 4000), k=length))


def hint(ids: tuple[int, ...], choices: int = 1) -> Hint:
    return Hint(choices, keys_of(Job("job", ids, Sampling(max_tokens=1))))


def test_branches_of_a_document_follow_it() -> None:
    placement = Placement()
    home = placement.choose(hint(document("d")), IDLE)
    assert {placement.choose(hint(document("d") + document(str(tail), 300)), IDLE) for tail in range(50)} == {home}


def test_a_growing_prompt_stays_where_it_is() -> None:
    placement, ids = Placement(), document("d", 4000)
    home = placement.choose(hint(ids[:64]), IDLE)
    assert {placement.choose(hint(ids[:length]), IDLE) for length in range(64, 4000, 40)} == {home}


def test_a_common_preamble_does_not_draw_all_documents_to_one_replica() -> None:
    placement = Placement()
    homes = Counter(placement.choose(hint(document("preamble", 100) + document(str(one))), IDLE) for one in range(30))
    assert max(homes.values()) - min(homes.values()) <= 4


def test_new_documents_are_spread_evenly_whatever_their_hashes() -> None:
    homes = Counter[str]()
    placement = Placement()
    for one in range(12):
        homes[placement.choose(hint(document(f"{one}")), {"a": 0.0, "b": 0.0})] += 1
    assert max(homes.values()) <= 7


def test_gateways_mostly_agree_without_speaking_to_each_other() -> None:
    one, other = Placement(), Placement()
    documents = [hint(document(str(name))) for name in range(60)]
    homes = {doc: one.choose(doc, IDLE) for doc in documents}
    agreed = sum(other.choose(doc, IDLE) == homes[doc] for doc in reversed(documents))
    assert agreed > len(documents) / 2


def test_a_replica_with_too_much_to_do_is_passed_over_and_found_again() -> None:
    placement = Placement(factor=1.25, slack=4)
    home = placement.choose(hint(document("d")), IDLE)
    busy = IDLE | {home: 8.0}
    second = placement.choose(hint(document("d")), busy)
    assert second != home
    assert placement.choose(hint(document("d")), busy) == second
    assert placement.choose(hint(document("d")), IDLE | {second: 1.0}) == home


def test_a_replica_that_is_gone_is_forgotten() -> None:
    placement = Placement()
    home = placement.choose(hint(document("d")), IDLE)
    left = {name: 0.0 for name in IDLE if name != home}
    placement.keep(left)
    assert placement._holders == {}
    assert placement.choose(hint(document("d")), left) in left


def test_replicas_that_stay_are_remembered_when_others_come_and_go() -> None:
    placement = Placement()
    placement.keep(IDLE)
    home = placement.choose(hint(document("d")), IDLE)
    for replicas in (IDLE | {"d": 0.0}, {home: 0.0, "e": 0.0}):
        placement.keep(replicas)
        assert placement.choose(hint(document("d")), replicas) == home


def test_a_short_prompt_goes_to_the_less_loaded_of_two() -> None:
    assert Placement().choose(hint((1, 2, 3)), {"a": 3.0, "b": 1.0}) == "b"
    assert Placement().choose(hint((1, 2, 3)), {"a": 3.0}) == "a"


def test_memory_is_bounded() -> None:
    placement = Placement(keys=100)
    for number in range(50):
        placement.choose(hint(document(str(number), 200)), {f"{number}-{i}": 0.0 for i in range(9)})
    assert len(placement._holders) == 100
    assert all(len(holders) <= MOST_HOLDERS for holders in placement._holders.values())


LOADS = some.dictionaries(some.sampled_from("abcdefgh"), some.integers(0, 300).map(float), min_size=1)
CALLS = some.lists(some.tuples(some.integers(0, 5), some.integers(0, 400), LOADS), max_size=30)


@given(CALLS, some.floats(1, 3), some.floats(0, 20))
def test_the_bound_holds_whatever_is_remembered(calls: Sequence[tuple[int, int, dict[str, float]]], factor: float, slack: float) -> None:
    placement = Placement(factor, slack, keys=20)
    for name, length, loads in calls:
        placement.keep(loads)
        one = hint(document(str(name), 400)[:length])
        chosen = placement.choose(one, loads)
        mean = sum(loads.values()) / len(loads)
        assert loads[chosen] <= factor * mean + slack or not one.keys


def test_loads_are_sequences_of_ours_and_calls_of_others() -> None:
    loads = Loads()
    loads.begin("a", "request", 20)
    loads.begin("a", "request", 1)
    assert loads.of("a", ongoing=2) == 21
    assert loads.of("a", ongoing=5) == 24
    assert loads.of("a", ongoing=0) == 21
    assert loads.of("b", ongoing=3) == 3


def test_loads_end_with_their_jobs_and_with_their_replica() -> None:
    loads = Loads()
    for replica in ("a", "b"):
        loads.begin(replica, "request", 20)
        loads.begin(replica, "request", 1)
        loads.end(replica, "unknown")
    loads.end("a", "request")
    loads.end("a", "request")
    loads.end("a", "request")
    loads.keep({"a"})
    loads.end("b", "request")
    assert (loads.of("a", 0), loads.of("b", 0)) == (0, 0)
