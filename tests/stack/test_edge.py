"""What a client can do at the edge of the real stack, beside asking for completions."""

import json
import socket
import time

import httpx
import pytest

from tests.cluster import Stack
from tests.router.errors import assert_error

pytestmark = pytest.mark.stack

STALL_SECONDS = 30


def test_serves_own_routes_are_not_there(stack: Stack) -> None:
    for path in ("/-/healthz", "/-/routes"):
        assert_error(httpx.get(f"http://127.0.0.1:{stack.port}{path}"), 404, "not_found")


@pytest.mark.parametrize(
    "name", ["x-request-id", "x-request-timeout-seconds", "x-request-disconnect-disabled", "serve_multiplexed_model_id"]
)
@pytest.mark.parametrize("value", [b"\xff", b"0.001"], ids=["no text", "a number"])
def test_serves_control_headers_do_nothing(stack: Stack, name: str, value: bytes) -> None:
    body = {"model": "pico", "prompt": "The", "max_tokens": 8}
    headers = [(name.encode(), value), (b"authorization", f"Bearer {stack.key}".encode())]
    answer = httpx.post(f"{stack.base_url}/completions", json=body, headers=headers, timeout=30)
    assert answer.status_code == 200
    identities = answer.headers.get_list("x-request-id")
    assert len(identities) == 1
    assert identities[0].encode() != value


def test_a_reader_that_stalls_is_cut(stack: Stack) -> None:
    """It reads nothing for longer than it may, and then finds a stream that broke off."""
    body = json.dumps({"model": "pico", "prompt": "The", "max_tokens": 2000, "logprobs": 100, "stream": True, "seed": 5}).encode()
    head = f"POST /v1/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.key}\r\nContent-Type: application/json\r\n"
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", stack.port))
        reader.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(STALL_SECONDS + 5)
        reader.settimeout(20)
        received = b"".join(iter(lambda: received_bytes(reader), b""))
    assert received.startswith(b"HTTP/1.1 200")
    assert b"[DONE]" not in received


def received_bytes(reader: socket.socket) -> bytes:
    try:
        return reader.recv(1 << 16)
    except ConnectionError:
        return b""
