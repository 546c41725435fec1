"""How a model host begins: a process of its own, with the environment that its engine needs, on one end of a socket."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

from router.catalogue import ModelSpec

CHECKOUT = Path(__file__).parent.parent

#: Read by vLLM at import. The last two only for the CPU build (see `environment`).
ENVIRONMENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_MAX_N_SEQUENCES": "128",
    "VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1",
    "VLLM_HOST_IP": "127.0.0.1",
}
CPU_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "TORCH_COMPILE_DISABLE": "1",
    "VLLM_CPU_ATTN_SPLIT_KV": "0",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}


def environment(spec: ModelSpec, folder: Path) -> dict[str, str]:
    """The host's environment variables: ours over the replica's."""
    result = {**os.environ, **ENVIRONMENT, "VLLM_RPC_BASE_PATH": str(folder), "PYTHONPATH": str(CHECKOUT)}
    result.pop("VLLM_CPU_KVCACHE_SPACE", None)
    if spec.gpus == 0:
        threads = str(spec.threads)
        result |= {**CPU_ENVIRONMENT, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "LD_PRELOAD": _openmp()}
    elif spec.determinism == "exact":
        result["VLLM_BATCH_INVARIANT"] = "1"
    return result


def _openmp() -> str:
    """torch's own OpenMP, which must be the first one loaded."""
    found = importlib.util.find_spec("torch")
    return "" if found is None or found.origin is None else str(Path(found.origin).parent / "lib" / "libgomp.so.1")


def start_host(spec: ModelSpec, folder: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A new host in a session of its own, and our end of its connection."""
    ours, theirs = socket.socketpair()
    logs = folder.parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with theirs, open(logs / f"host-{spec.id}.log", "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "deployments.host", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(spec, folder),
            start_new_session=True,
        )
    return process, ours
