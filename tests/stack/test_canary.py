"""No prompt, no completion and no key is in any file that the running service writes, also after an engine was killed."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from basemodel.cluster import ray_head
from tests.cluster import Stack, eventually

pytestmark = pytest.mark.stack

SECONDS = 60
#: What has a right to them: the key for who started the service, and Redis' own files.
LARGEST = 64 << 20


def written(stack: Stack) -> Iterator[Path]:
    """Ray's whole session and our own logs."""
    for folder in (ray_head.folder_of(stack.home), stack.home / "logs"):
        yield from (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_size < LARGEST)


def leaks(stack: Stack, *canaries: str) -> list[str]:
    found = []
    for path in written(stack):
        text = path.read_bytes()
        found += [f"{path.name}: {canary}" for canary in canaries if canary.encode() in text or json.dumps(canary)[1:-1].encode() in text]
    return found


def works(client: httpx.Client) -> bool:
    """An engine that has just died may still be called ready."""
    return client.post("/completions", json={"model": "pico", "prompt": "a", "max_tokens": 1}).status_code == 200


@pytest.mark.parametrize("victim", ["host", "engine"])
def test_what_was_asked_is_in_no_log_after_a_crash(stack: Stack, victim: str) -> None:
    """The death of the engine its host tells too; a host that is killed leaves only the gateway to tell it."""
    canary = f"quoth-{secrets.token_hex(8)}"
    body = {"model": "pico", "prompt": canary, "max_tokens": 1500, "ignore_eos": True, "stream": True, "user": canary, "stop": [canary]}
    headers = {"authorization": f"Bearer {stack.key}"}
    with httpx.Client(base_url=stack.base_url, headers=headers, timeout=SECONDS) as client:
        eventually(lambda: works(client), SECONDS)
        for wrong in ({"model": canary}, {"max_tokens": canary}, {"logit_bias": {canary: 1}}, {canary: 1}):
            assert client.post("/completions", json={**body, **wrong}).status_code in (400, 404)
        host = stack.host()
        assert host is not None
        with client.stream("POST", "/completions", json=body) as response:
            identity = response.headers["x-request-id"]
            stream = response.iter_text()
            said = next(stream)
            threading.Timer(0.2, (host if victim == "host" else host.children()[0]).kill).start()
            said += "".join(stream)
        eventually(lambda: (found := stack.host()) is not None and found.pid != host.pid, SECONDS)
        eventually(lambda: works(client), SECONDS)
    assert '"engine_error"' in said
    completion = "".join(json.loads(line[6:])["choices"][0]["text"] for line in said.splitlines() if line.startswith('data: {"id"'))
    assert completion
    assert leaks(stack, canary, stack.key, completion[:60]) == []
    lines = eventually(lambda: logged(stack, identity), SECONDS)
    assert any(line.get("part") == "gateway" and "EngineDied" in line["message"] for line in lines)
    jobs = {line["job_id"] for line in lines if "job_id" in line}
    assert victim == "host" or any(line.get("part") == "engine" for line in lines)
    assert len(jobs) == 1


def logged(stack: Stack, identity: str) -> list[dict[str, str]]:
    """The lines about a request: each is an object of its own, and those of Serve's own logger have no part."""
    texts = (path.read_text(errors="replace") for path in written(stack) if path.suffix in (".err", ".log", ".out"))
    return [json.loads(line) for text in texts for line in text.splitlines() if identity in line and line.startswith("{")]


def test_nothing_dumps_its_memory(stack: Stack) -> None:
    """A core file would have every prompt of its process."""
    host = stack.host()
    assert host is not None
    assert host.rlimit(psutil.RLIMIT_CORE)[0] == 0
