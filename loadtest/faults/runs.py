"""Going through scenarios on one cluster."""

from __future__ import annotations

from loadtest.faults.judge import Result, judge
from loadtest.faults.scenarios import Scenario
from loadtest.faults.scene import Size, play, scene
from loadtest.faults.world import World


async def run(world: World, scenario: Scenario, size: Size) -> Result:
    """One scenario, and then the cluster as it was before it. Raises TimeoutError where it cannot be made so."""
    world.scale_gateways(scenario.gateways)
    async with scene(world, size) as one:
        try:
            await play(one, scenario.strike, scenario.seconds(size))
        except* TimeoutError:
            one.late.append("the service did not come back")
        result = judge(scenario, one, await one.ledger.sums())
        await scenario.mend(one)
    return result
