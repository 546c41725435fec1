"""The request router as Serve calls it."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from types import SimpleNamespace
from typing import Any
from weakref import WeakValueDictionary

import pytest
from ray import cloudpickle
from ray.cloudpickle import cloudpickle as pickler
from ray.serve._private.common import DeploymentHandleSource, ReplicaID

from deployments import replica_sets
from deployments.affinity import AffinityRouter, request_router
from router.catalogue import ModelSpec
from tests.deployments.fake_replica import DOCUMENT, MODEL, A, B, C, choose, new_router, request, run

SPEC = ModelSpec(id="pico", source="embedded/pico", revision="1", max_model_len=2048, max_num_seqs=64)


@pytest.fixture
async def router() -> AsyncIterator[Any]:
    replica_sets._running.clear()
    yield new_router(slack=4.0)
    replica_sets._running.clear()


async def test_branches_of_a_document_go_to_one_replica(router: Any) -> None:
    router.update_replicas([A, B, C])
    homes = {await run(router, request((*DOCUMENT, *Random(tail).choices(range(5, 99), k=99)))) for tail in range(20)}
    assert len(homes) == 1


async def test_a_replica_may_be_ahead_by_the_slack_only(router: Any) -> None:
    router.update_replicas([A, B])
    home = await choose(router, request(choices=20, name="big"))
    assert await run(router, request()) != home
    router.on_request_completed(ReplicaID(home, MODEL), "big")
    assert await run(router, request()) in "ab"
    assert (router._balance.loads.of("a", 0), router._balance.loads.of("b", 0)) == (0, 0)


async def test_calls_of_other_gateways_count_as_load(router: Any) -> None:
    router.update_replicas([A, B])
    home = await run(router, request())
    router.on_new_queue_len_info(ReplicaID(home, MODEL), 30)
    assert await run(router, request()) != home


async def test_a_request_waits_for_the_first_replica(router: Any) -> None:
    waiting = [asyncio.create_task(choose(router, request())) for _ in range(5)]
    await asyncio.sleep(0)
    router.update_replicas([])
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    router.update_replicas([A])
    assert await asyncio.gather(*waiting) == ["a"] * 5


async def test_a_request_that_waits_can_be_cancelled(router: Any) -> None:
    waiting = asyncio.create_task(choose(router, request()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    router.update_replicas([A])
    assert router._balance.loads.of("a", 0) == 0


async def test_jobs_of_one_http_request_are_all_placed(router: Any) -> None:
    """They have one id, by which Serve's own waiting list loses all but one."""
    waiting = [asyncio.create_task(choose(router, request(name="one"))) for _ in range(3)]
    await asyncio.sleep(0)
    router.update_replicas([A, B])
    names = await asyncio.gather(*waiting)
    assert router._balance.loads.of("a", 0) + router._balance.loads.of("b", 0) == 3
    for name in names:
        router.on_request_completed(ReplicaID(name, MODEL), "one")
    assert router._balance.loads.of("a", 0) + router._balance.loads.of("b", 0) == 0


async def test_a_refused_request_is_tried_elsewhere_and_comes_back_at_last(router: Any) -> None:
    router.update_replicas([A, B, C])
    pending = request()
    names = [await choose(router, pending, retry=number > 0) for number in range(6)]
    assert {*names[:3]} == {*names[3:]} == {"a", "b", "c"}


async def test_a_replica_without_an_engine_is_passed_over_unless_there_is_no_other(router: Any) -> None:
    router.update_replicas([A, B])
    home = await run(router, request())
    replica_sets.avoid(router.app_name, home)
    assert await run(router, request()) != home
    router.update_replicas([one for one in (A, B) if one.replica_id.unique_id == home])
    assert await run(router, request()) == home
    replica_sets._avoided.clear()


async def test_a_full_replica_is_passed_over(router: Any) -> None:
    router.update_replicas([A, B])
    home = await run(router, request())
    router.on_new_queue_len_info(ReplicaID(home, MODEL), 10_000)
    assert await run(router, request()) != home


async def test_a_replica_that_died_is_left_out_and_not_counted_any_more(router: Any) -> None:
    router.update_replicas([A, B])
    home = await choose(router, request())
    router.on_replica_actor_died(ReplicaID(home, MODEL))
    left = {"a", "b"} - {home}
    assert replica_sets.running(MODEL.app_name) == frozenset(left)
    assert {await choose(router, request())} == left
    router.on_request_completed(ReplicaID(home, MODEL), "request")


async def test_every_change_of_replicas_is_told(router: Any) -> None:
    for replicas in ([A, B], [], [C]):
        router.update_replicas(replicas)
        assert replica_sets.running(MODEL.app_name) == frozenset(replica.name for replica in replicas)


async def test_a_deployment_that_had_no_replica_yet_has_none(router: Any) -> None:
    assert replica_sets.running(MODEL.app_name) == frozenset()


async def test_a_new_handle_does_not_hide_the_replicas_that_are_known(router: Any) -> None:
    router.update_replicas([A, B])
    new_router()
    assert replica_sets.running(MODEL.app_name) == frozenset("ab")


async def test_the_same_replicas_again_change_nothing(router: Any) -> None:
    router.update_replicas([A, B, C])
    home = await run(router, request())
    router.update_replicas([C, B, A])
    router.update_backoff_params(0.1, 2, 1)
    assert {await run(router, request()) for _ in range(9)} == {home}


@pytest.mark.parametrize("session", ["", "from a header", "7:zz", "1:,", ":::"])
async def test_a_session_id_of_someone_else_does_no_harm(router: Any, session: str) -> None:
    router.update_replicas([A, B])
    assert await run(router, request(session=session)) in "ab"


async def test_a_failure_inside_costs_affinity_only(router: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    router.update_replicas([A, B])
    monkeypatch.setattr(router._balance, "_placement", SimpleNamespace())
    router.update_replicas([A, B, C])
    assert await run(router, request()) in "abc"
    assert [[one.name for one in rank] for rank in await router.choose_replicas([A], request())] == [["a"], ["a"]]


async def test_options_that_nobody_knows_do_not_stop_a_gateway() -> None:
    router = new_router(spelled_wrong=1)
    router.update_replicas([A])
    assert await run(router, request()) == "a"


async def test_serves_choice_without_a_reservation_gets_a_ranking(router: Any) -> None:
    router.update_replicas([A, B])
    home = await run(router, request())
    ranks = await router.choose_replicas([A, B], request())
    assert [one.name for one in ranks[0]] == [home]
    assert await router.choose_replicas([A, B], None) == [[A, B]]
    assert await router.choose_replicas([], request()) == [[]]


async def test_the_router_travels_by_value_and_speaks_to_the_registry_of_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    config = request_router(SPEC)
    assert config.request_router_kwargs == {"factor": 1.25, "slack": 8.0}
    config._serialize_request_router_cls()
    monkeypatch.setattr(pickler, "_DYNAMIC_CLASS_TRACKER_BY_ID", WeakValueDictionary())  # as in another process
    shipped = cloudpickle.loads(cloudpickle.dumps(config)).get_request_router_class()
    assert shipped is not AffinityRouter
    router = shipped(deployment_id=MODEL, handle_source=DeploymentHandleSource.REPLICA)
    router.initialize_state(**config.request_router_kwargs)
    router.update_replicas([A, B])
    assert replica_sets.running(MODEL.app_name) == frozenset("ab")
    assert await run(router, request()) in "ab"
