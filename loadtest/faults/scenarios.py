"""The scenarios: what is killed, and what a client may see of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from loadtest.faults.asked import COMPLETE, CUT, REFUSED
from loadtest.faults.nodes import CONTROLLER, GATEWAY, PROXY
from loadtest.faults.scene import COLD, NEW, STREAMS, WHOLE, YOUNG, Scene, Size, eventually
from loadtest.faults.world import Config

GCS_AWAY_SECONDS = 5.0
MENDED_SECONDS = 90.0
COLD_BOOT = "503 cold_boot"

Strike = Callable[[Scene], Awaitable[None]]
Seen = dict[str, frozenset[str]]


def seen(streams: str = "", whole: str = "", young: str = "", new: str = "", cold: str = "") -> Seen:
    """What a client may see apart from a complete answer; several are parted by `|`. A cold model may always say that it is."""
    said = {STREAMS: streams, WHOLE: whole, YOUNG: young, NEW: new, COLD: "|".join([COLD_BOOT, cold])}
    return {group: frozenset({COMPLETE, *outcomes.split("|")} - {""}) for group, outcomes in said.items()}


@dataclass(frozen=True)
class Scenario:
    """`bound`: seconds until new requests must be served again. `gateways`: how many replicas there are."""

    title: str
    strike: Strike
    may: Seen
    bound: float
    gateways: int = 1
    seconds: Callable[[Size], float] = field(default=lambda size: size.seconds)
    mend: Strike = field(default=lambda scene: nothing(scene))


async def node_killed(scene: Scene) -> None:
    await asyncio.to_thread(scene.world.nodes[1].kill)
    await scene.woken("asleep-node")


async def node_back(scene: Scene) -> None:
    """A new node in the place of the dead one, and again a replica on each."""
    await asyncio.to_thread(scene.world.nodes[1].start, scene.world.address)
    await eventually(lambda: _both(scene), MENDED_SECONDS)


async def _both(scene: Scene) -> bool:
    return await scene.clients.replicas("pico") == 2


async def node_frozen(scene: Scene) -> None:
    """No connection ends: only silence tells that the node is gone. It stays so until the scene is over."""
    scene.world.nodes[1].signal(signal.SIGSTOP)


async def node_dropped(scene: Scene) -> None:
    await asyncio.to_thread(scene.world.nodes[1].kill)
    await node_back(scene)


async def gcs_killed(scene: Scene) -> None:
    again = await asyncio.to_thread(scene.world.kill_gcs)
    await asyncio.sleep(GCS_AWAY_SECONDS)
    again()
    await scene.woken("asleep-gcs")


async def controller_killed(scene: Scene) -> None:
    await asyncio.to_thread(scene.world.head.kill_one, CONTROLLER)
    await scene.woken("asleep-controller")


async def gateway_killed(scene: Scene) -> None:
    await asyncio.to_thread(scene.world.head.kill_one, GATEWAY)
    await scene.woken("asleep-gateway")


async def one_gateway_killed(scene: Scene) -> None:
    await asyncio.to_thread(scene.world.head.kill_one, GATEWAY)


async def proxy_killed(scene: Scene) -> None:
    await asyncio.to_thread(scene.world.head.kill_one, PROXY)


async def reloaded(scene: Scene) -> None:
    for change in (rolled(0.11), more_logprobs, rolled(0.12)):
        await asyncio.to_thread(scene.world.apply, change)


def rolled(cpus: float) -> Callable[[Config], None]:
    """Another replica in the gateway's place."""

    def change(content: Config) -> None:
        content["applications"][0]["deployments"][0]["ray_actor_options"]["num_cpus"] = cpus

    return change


def more_logprobs(content: Config) -> None:
    """In the gateway's user_config alone, after the first new gateway: no replica is replaced."""
    rolled(0.11)(content)
    content["applications"][0]["deployments"][0]["user_config"]["models"][1]["max_logprobs"] = 7


async def as_begun(scene: Scene) -> None:
    await asyncio.to_thread(scene.world.apply)


async def nothing(scene: Scene) -> None: ...


GATEWAY_GONE = f"{CUT}|500 internal_error|503 not_ready"
SCENARIOS: dict[str, Scenario] = {
    "node": Scenario(
        "a model node killed", node_killed, seen("engine_error event", "502 engine_error"), bound=0.0, mend=node_back
    ),
    "gcs": Scenario(f"GCS killed, back after {GCS_AWAY_SECONDS:.0f} s", gcs_killed, seen(), bound=0.0),
    "controller": Scenario("Serve's controller killed", controller_killed, seen(), bound=0.0),
    "gateway": Scenario(
        "the only gateway killed", gateway_killed, seen(GATEWAY_GONE, GATEWAY_GONE, GATEWAY_GONE, GATEWAY_GONE, GATEWAY_GONE), bound=30.0
    ),
    "one-gateway": Scenario(
        "one of two gateways killed", one_gateway_killed, seen(CUT, GATEWAY_GONE, GATEWAY_GONE, GATEWAY_GONE), bound=5.0, gateways=2
    ),
    "proxy": Scenario("the proxy killed", proxy_killed, seen(CUT, CUT, CUT, f"{CUT}|{REFUSED}|503 not_ready"), bound=20.0),
    "reload": Scenario(
        "two new gateways and a new user_config", reloaded, seen(), bound=0.0, seconds=lambda size: size.long_seconds, mend=as_begun
    ),
    "node-frozen": Scenario(
        "a model node silent (SIGSTOP)", node_frozen, seen("engine_error event", "502 engine_error"), bound=60.0, mend=node_dropped
    ),
}
