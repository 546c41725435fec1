"""The spare: one idle Ray worker on the node, with the imports of a replica done, which the next replica begins in.

Ray starts a worker's process when an actor needs one, and that is half of a boot's time; asked by the RPC with which its own client
server does so (NodeManagerService.PrestartWorkers, Ray 2.60.0), a raylet starts one ahead and gives it to the next actor with the
same runtime environment. What a worker imports before it has work is in `RAY_preload_python_modules` of the raylet's environment
(`basemodel/cluster/ray_head.py`).

One replica of a node, whichever holds the lock, sees to it that there is a spare. Nothing depends on it: without one a boot is a
second slower.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
from pathlib import Path

import psutil
import ray
from ray._private.grpc_utils import init_grpc_channel
from ray.core.generated.common_pb2 import PYTHON
from ray.core.generated.node_manager_pb2 import PrestartWorkersRequest
from ray.core.generated.node_manager_pb2_grpc import NodeManagerServiceStub

LOOK_SECONDS = 3.0
ASK_SECONDS = 10.0
#: After this it may end, where Ray wants fewer processes; then there is another.
KEPT_SECONDS = 86_400
#: How Ray names a worker without work; and what runs in one that is only starting.
IDLE, STARTING = "ray::IDLE", "default_worker.py"

log = logging.getLogger("ray.serve")


class SpareKeeper:
    """Lives on the replica's event loop. Never raises."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for sockets."""
        node = ray.get_runtime_context().get_node_id()
        self._lock = (folder / f"spare-{node[:8]}.lock").open("a")
        self._problem = ""
        self._task = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if self._is_ours() and not await asyncio.to_thread(there):
                    await ask()
                self._problem = ""
            except Exception as error:
                if not self._problem:
                    log.warning("no worker is kept ready for the next boot: %s", error)
                self._problem = str(error) or type(error).__name__

    def _is_ours(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def close(self) -> None:
        self._task.cancel()
        self._lock.close()


def there() -> bool:
    """Whether this process's raylet has a worker that has no work, or that is on its way."""
    raylet = psutil.Process().parent()
    return raylet is not None and any(is_spare(child) for child in raylet.children())


def is_spare(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        words = process.cmdline()
        return words[:1] == [IDLE] or any(word.endswith(STARTING) for word in words)
    return False


async def ask() -> None:
    """Asks this node's raylet for one more worker. Raises what gRPC raises."""
    runtime = ray.get_runtime_context()
    request = PrestartWorkersRequest(language=PYTHON, num_workers=1, keep_alive_duration_secs=KEPT_SECONDS)
    request.runtime_env_info.serialized_runtime_env = runtime.get_runtime_env_string()
    address = await asyncio.to_thread(raylet_address, runtime.get_node_id())
    async with init_grpc_channel(address, asynchronous=True) as channel:
        await NodeManagerServiceStub(channel).PrestartWorkers(request, timeout=ASK_SECONDS)


def raylet_address(node_id: str) -> str:
    node = next(node for node in ray.nodes() if node["NodeID"] == node_id)
    return f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"
