"""vLLM's own server on the same weights, with the settings that the service gives its engine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from router.catalogue import EMBEDDED
from tests.cluster import free_port

BOOT_SECONDS = 180
ENVIRONMENT = {
    "VLLM_CPU_ATTN_SPLIT_KV": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "TORCH_COMPILE_DISABLE": "1",
    "VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1",
}
FLAGS = [
    *("--host", "127.0.0.1", "--served-model-name", "pico", "--dtype", "float32", "--max-model-len", "2049"),
    *("--max-logprobs", "100", "--generation-config", "vllm"),
    *("--enforce-eager", "--block-size", "32", "--kv-cache-memory-bytes", str(64 << 20), "--max-num-seqs", "16"),
]


@contextmanager
def vllm_server(model: str, log: Path) -> Iterator[str]:
    """The base address of its /v1, for as long as the block runs."""
    port = free_port()
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(EMBEDDED / model), "--port", str(port), *FLAGS]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **ENVIRONMENT}, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-4000:]
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise AssertionError(f"vLLM's server did not start within {BOOT_SECONDS} s: {log.read_text()[-4000:]}")
