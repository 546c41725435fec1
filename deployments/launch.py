"""How a model host begins: forked by the zygote or else spawned, with the environment that its engine needs, on one end
of a socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

from deployments import zygote_client
from deployments.frames import socket_folder
from deployments.launched import Launched
from deployments.lifeline import Lifeline
from deployments.zygote_client import Forked, Kind, Request, ZygoteClient, socket_path
from router.catalogue import ModelSpec
from router.settings import home_folder

LOG_TAIL = 4096
CHECKOUT = Path(__file__).parent.parent

#: By which vLLM's lines are like ours, also in the processes that it starts.
VLLM_LOGGING = Path(__file__).with_name("vllm_logging.json")

#: Read by vLLM at import. `SPT_NOENV` keeps titles of processes out of their environment.
ENVIRONMENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_LOGGING_CONFIG_PATH": str(VLLM_LOGGING),
    "VLLM_MAX_N_SEQUENCES": "128",
    "VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1",
    "VLLM_HOST_IP": "127.0.0.1",
    "SPT_NOENV": "1",
}
CPU_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "TORCH_COMPILE_DISABLE": "1",
    "VLLM_CPU_ATTN_SPLIT_KV": "0",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_WAIT_POLICY": "passive",  # a thread that spins while it waits takes the core from the gateway
}


async def launch(spec: ModelSpec, folder: Path) -> Launched:
    """A new host; `folder` is for sockets. Raises OSError.

    Spawned where no zygote is to be had in time. It is spawned from this very thread: with it, the kernel would end the host.
    """
    with _connection() as (ours, theirs), open_log(spec, folder) as output:
        if forkable(spec):
            zygote = zygote_of(kind_of(spec), folder)
            request = Request(spec.id, environment(spec, folder), zygote_client.code())
            forked = await _fork(zygote, request, [theirs.fileno(), output.fileno()])
            if forked is not None:
                return Launched("forked", forked.pid, forked.descriptor, ours, Lifeline(zygote, forked).close)
        return _spawn(spec, folder, ours, theirs, output)


async def spawn(spec: ModelSpec, folder: Path) -> Launched:
    """As `launch`, without a zygote."""
    with _connection() as (ours, theirs), open_log(spec, folder) as output:
        return _spawn(spec, folder, ours, theirs, output)


@contextlib.contextmanager
def _connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end, which is the caller's after the block unless the block raises, and the host's."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            yield ours, theirs
        except BaseException:
            ours.close()
            raise


async def _fork(zygote: ZygoteClient, request: Request, descriptors: Sequence[int]) -> Forked | None:
    """In a thread, which nothing stops: with descriptors of its own, and where nobody waits any more it gives up the host that it got."""
    own = [os.dup(one) for one in descriptors]
    executor = ThreadPoolExecutor(1)
    asked = executor.submit(zygote.fork, request, own)
    asked.add_done_callback(lambda _: _close(own))
    executor.shutdown(wait=False)
    try:
        return await asyncio.wrap_future(asked)
    except asyncio.CancelledError:
        asked.add_done_callback(_give_up)
        raise


def _close(descriptors: Iterable[int]) -> None:
    for one in descriptors:
        os.close(one)


def _give_up(asked: Future[Forked | None]) -> None:
    """The zygote ends a host whose connection is closed."""
    forked = None if asked.cancelled() else asked.result()
    if forked is not None:
        forked.connection.close()
        _close([forked.descriptor])


def _spawn(spec: ModelSpec, folder: Path, ours: socket.socket, theirs: socket.socket, output: IO[bytes]) -> Launched:
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.host", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment(spec, folder),
        start_new_session=True,
    )
    return Launched.child(process, ours)


def environment(spec: ModelSpec, folder: Path) -> dict[str, str]:
    """The host's environment variables: ours over the replica's."""
    result = _common(kind_of(spec), folder, os.environ)
    if spec.gpus == 0:
        threads = str(spec.threads)
        result |= {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    elif spec.determinism == "exact":
        result["VLLM_BATCH_INVARIANT"] = "1"
    if spec.gpus:
        # Beyond it vLLM gives up; the replica, which watches the boot, gives up at the same time.
        result["VLLM_ENGINE_READY_TIMEOUT_S"] = str(spec.boot_timeout_seconds)
    if spec.nodes > 1:
        from deployments import ray_group

        result |= ray_group.environment()
    return result


def zygote_environment(kind: Kind, folder: Path, base: Mapping[str, str]) -> dict[str, str]:
    """What a zygote imports with: what all its hosts have in common, and no threads, which would not survive a fork."""
    return _common(kind, folder, base) | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _common(kind: Kind, folder: Path, base: Mapping[str, str]) -> dict[str, str]:
    result = {**base, **ENVIRONMENT, "VLLM_RPC_BASE_PATH": str(folder), "PYTHONPATH": str(CHECKOUT)}
    result.pop("VLLM_CPU_KVCACHE_SPACE", None)
    if kind == "cpu":
        return result | CPU_ENVIRONMENT | {"LD_PRELOAD": _openmp()}
    # Compiled models and the measured size of the cache are kept for the next boot.
    return result | {"VLLM_CACHE_ROOT": str(home_of(folder) / "cache" / "vllm"), "VLLM_ENABLE_STARTUP_PLAN": "1"}


def _openmp() -> str:
    """torch's own OpenMP, which must be the first one loaded."""
    found = importlib.util.find_spec("torch")
    return "" if found is None or found.origin is None else str(Path(found.origin).parent / "lib" / "libgomp.so.1")


def kind_of(spec: ModelSpec) -> Kind:
    return "cpu" if spec.gpus == 0 else "gpu"


def forkable(spec: ModelSpec) -> bool:
    return spec.fork and (spec.gpus == 0 or _forkable_on_gpu(spec))


def _forkable_on_gpu(spec: ModelSpec) -> bool:
    """Engines over several GPUs start workers of their own; and batch invariance is set up while vLLM is imported."""
    return spec.gpus == 1 and spec.nodes == 1 and spec.determinism != "exact"


def home_of(folder: Path) -> Path:
    """The state folder that a socket folder belongs to."""
    return folder.parent if folder.name == "run" else home_folder()


def log_path(spec: ModelSpec, folder: Path) -> Path:
    return home_of(folder) / "logs" / f"host-{spec.id}.log"


def last_line(spec: ModelSpec, folder: Path) -> str:
    """Of its log; `nothing` where there is none."""
    with contextlib.suppress(OSError), open(log_path(spec, folder), "rb") as file:
        file.seek(max(0, file.seek(0, 2) - LOG_TAIL))
        return (file.read().decode(errors="replace").strip().splitlines() or ["nothing"])[-1]
    return "nothing"


def open_log(spec: ModelSpec, folder: Path) -> IO[bytes]:
    path = log_path(spec, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "ab")


def zygote_of(kind: Kind, folder: Path, base: Mapping[str, str] = os.environ) -> ZygoteClient:
    home = home_of(folder)
    (home / "logs").mkdir(parents=True, exist_ok=True)
    variables = zygote_environment(kind, folder, base)
    return ZygoteClient(socket_path(folder, home, kind), variables, home / "logs" / "zygote.log")


def warm(specs: Iterable[ModelSpec], home: Path, base: Mapping[str, str]) -> None:
    """Starts the zygotes that these models will want, and does not wait for them."""
    for kind in {kind_of(spec) for spec in specs if forkable(spec)}:
        zygote_of(kind, socket_folder(home), base).begin()
