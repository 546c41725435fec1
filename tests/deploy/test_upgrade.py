"""An upgrade and the way back, on a cluster of three nodes: new gateway processes, another catalogue and a changed model, each under load.

The procedure is that of docs/operating.md: the new config is deployed over the old, and later the old over the new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from loadtest.faults.asked import COMPLETE
from loadtest.faults.judge import Result
from loadtest.faults.runs import run
from loadtest.faults.scenarios import Scenario, seen
from loadtest.faults.scene import STREAMS, WHOLE, Scene, Size, eventually
from loadtest.faults.table import table
from loadtest.faults.world import Config, World, world

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

SIZE = Size(clients=6, seconds=8.0, long_seconds=50.0)
#: Of top logprobs, in the new catalogue.
LIMIT, SECONDS = 7, 60.0


@pytest.fixture(scope="module")
def cluster() -> Iterator[World]:
    with world(gateways=2) as one:
        yield one


def release(content: Config) -> None:
    """What an upgrade changes: the environment of the gateways, so that no process of the old ones is used again; a limit in
    the catalogue; and a model's own application."""
    gateways = content["applications"][0]["deployments"][0]
    gateways["ray_actor_options"]["runtime_env"] = {"env_vars": {"BASEMODEL_RELEASE": "2"}}
    spec = gateways["user_config"]["models"][0]
    spec["max_logprobs"] = LIMIT
    application = next(one for one in content["applications"] if one["name"] == f"model-{spec['id']}")
    application["args"] = dict(spec)


async def there_and_back(scene: Scene) -> None:
    """Each deployment returns when the last stream of what it replaced has ended; the way back does not wait for that."""
    there = asyncio.create_task(asyncio.to_thread(scene.world.apply, release))
    await eventually(lambda: limited(scene, LIMIT), SECONDS)
    back = asyncio.create_task(asyncio.to_thread(scene.world.apply))
    await eventually(lambda: limited(scene, 100), SECONDS)
    scene.told.append(f"{sum(not one.ended for one in scene.of(STREAMS))} streams run still")
    await asyncio.gather(there, back)


async def limited(scene: Scene, limit: int) -> bool:
    """Whether every gateway that answers has this catalogue."""
    async with httpx.AsyncClient(base_url=scene.world.base, headers={"x-api-key": scene.ledger.key}, timeout=10) as client:
        answers = [await client.get("/v1/models/pico") for _ in range(10)]
    return all(answer.json()["max_logprobs"] == limit for answer in answers)


def test_no_request_notices_an_upgrade_or_the_way_back(cluster: World) -> None:
    scenario = Scenario(
        "an upgrade and the way back", there_and_back, seen(), bound=0.0, gateways=2, seconds=lambda size: size.long_seconds
    )
    result: Result = asyncio.run(run(cluster, scenario, SIZE))
    print(table([result]))
    assert result.faults == []
    assert result.told == [f"{SIZE.clients // 2} streams run still"], "they began before it"
    for group in (STREAMS, WHOLE):
        assert set(result.seen[group]) == {COMPLETE}
