"""What is true of the request router whatever happens, in whatever order."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from ray.serve._private.common import ReplicaID

from tests.deployments.fake_replica import DOCUMENT, MODEL, A, B, C, Replica, choose, new_router, request

ACTS = some.lists(
    some.tuples(some.sampled_from(["replicas", "job", "retry", "end", "died", "full", "cancel"]), some.integers(0, 7)), max_size=60
)


@given(ACTS)
async def test_whatever_happens_every_request_gets_a_replica_that_is_there(acts: Sequence[tuple[str, int]]) -> None:
    router, everyone = new_router(slack=2.0), [A, B, C]
    open_: list[tuple[Any, asyncio.Task[str]]] = []
    for what, number in acts:
        act(router, what, number, everyone, open_)
        await asyncio.sleep(0)
        for _, task in open_:
            assert not task.done() or task.cancelled() or task.exception() is None
    router.update_replicas(everyone)
    async with asyncio.timeout(10):
        for _, task in open_:
            assert task.cancelled() or await task in "abc"


def act(router: Any, what: str, number: int, everyone: list[Replica], open_: list[tuple[Any, asyncio.Task[str]]]) -> None:
    replica = everyone[number % 3]
    ended = [(pending, task) for pending, task in open_ if task.done() and not task.cancelled()]
    if what == "replicas":
        router.update_replicas([one for bit, one in enumerate(everyone) if number >> bit & 1])
    elif what == "job":
        pending = request(DOCUMENT[number * 100 : number * 100 + number * 40], choices=1 + number, name=str(number))
        open_.append((pending, asyncio.create_task(choose(router, pending))))
    elif what == "retry" and ended:
        open_.append((ended[-1][0], asyncio.create_task(choose(router, ended[-1][0], retry=True))))
    elif what == "end" and ended:
        router.on_request_completed(ReplicaID(ended[0][1].result(), MODEL), ended[0][0].metadata.internal_request_id)
    elif what == "died":
        router.on_replica_actor_died(replica.replica_id)
    elif what == "full":
        router.on_new_queue_len_info(replica.replica_id, 10_000 * (number % 2))
    elif what == "cancel" and open_:
        open_[-1][1].cancel()
