"""Going through scenarios on one cluster."""

from __future__ import annotations

from loadtest.faults.judge import Result, judge
from loadtest.faults.scenarios import Scenario
from loadtest.faults.scene import Size, play, scene
from loadtest.faults.world import World


async def run(world: World, scenario: Scenario, size: Size) -> Result:
    """One scenario, and then the cluster as it was before it. Raises TimeoutError where the service does not come back."""
    world.scale_gateways(scenario.gateways)
    async with scene(world, size) as one:
        await play(one, scenario.strike, scenario.seconds(size))
        result = judge(scenario, one, await one.ledger.sums())
        await scenario.mend(one)
    return result
