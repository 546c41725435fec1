"""The entrance with a certificate: https for everybody, plain http for this machine."""

import asyncio
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from deployments import haproxy_config
from deployments.entrance import EntranceArgs, Haproxy
from deployments.frames import socket_folder
from deployments.listener import Listener
from tests.cluster import free_port
from tests.deployments.test_entrance import App, answered


@pytest.fixture
def home() -> Iterator[Path]:
    """Short enough for the path of a socket."""
    with tempfile.TemporaryDirectory(prefix="entrance-") as folder:
        yield Path(folder)


@pytest.fixture(params=["in one file", "the key beside it"])
def certificate(home: Path, request: pytest.FixtureRequest) -> Path:
    """As it comes from an authority, or as a Kubernetes secret is mounted."""
    pem, key = home / "site.pem", home / "site.pem.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    if request.param == "in one file":
        pem.write_bytes(pem.read_bytes() + key.read_bytes())
        key.unlink()
    return pem


@pytest.fixture
def arguments(certificate: Path) -> EntranceArgs:
    return EntranceArgs(host="127.0.0.1", port=free_port(), certificate=certificate, https_port=free_port())


@pytest.fixture
async def entrance(home: Path, arguments: EntranceArgs) -> AsyncIterator[Haproxy]:
    gateway, one = Listener(App(), socket_folder(home)), Haproxy(arguments.address, home)
    await one.start()
    await answered(one, 200)
    yield one
    await one.stop()
    await gateway.close()


async def get(arguments: EntranceArgs) -> httpx.Response:
    trusting = ssl.create_default_context(cafile=str(arguments.certificate))
    async with httpx.AsyncClient(base_url=f"https://localhost:{arguments.https_port}", verify=trusting, trust_env=False) as client:
        return await client.get("/v1/models")


async def test_https_is_told_to_gateways_and_to_be_kept(entrance: Haproxy, arguments: EntranceArgs) -> None:
    answer = await get(arguments)
    assert answer.text == "127.0.0.1 https"
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_plain_http_is_no_https(entrance: Haproxy) -> None:
    answer = await answered(entrance, 200)
    assert answer.text == "127.0.0.1 http"
    assert "strict-transport-security" not in answer.headers


async def test_a_handshake_that_comes_byte_by_byte_is_cut(home: Path, arguments: EntranceArgs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(haproxy_config, "CLIENT_SECONDS", 1)
    one = Haproxy(arguments.address, home)
    await one.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", arguments.https_port)
    answer = asyncio.create_task(reader.read())
    async with asyncio.timeout(5):
        for byte in b"\x16\x03\x01\x02\x00\x01" + bytes(500):  # as a ClientHello begins
            writer.write(bytes([byte]))
            await asyncio.wait([answer], timeout=0.2)
            if answer.done():
                break
    assert answer.done()
    writer.close()
    await one.stop()


async def test_no_tls_older_than_1_2(entrance: Haproxy, arguments: EntranceArgs) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{arguments.https_port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    tried = await asyncio.to_thread(subprocess.run, command, input=b"", capture_output=True, timeout=20)
    assert tried.returncode != 0
    assert b"Cipher is (NONE)" in tried.stdout
