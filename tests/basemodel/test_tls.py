"""`--certificate`: what it is refused for, and what it makes of the config, the state and the checks."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from basemodel import checks
from basemodel.cluster.config import ServeConfig
from basemodel.cluster.state import State
from basemodel.cluster.tls import Tls
from basemodel.failure import Failure
from router.settings import Settings

PUBLIC = "https://models.example.org"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    pem = tmp_path / "site.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-out", str(pem)]
    subprocess.run([*command, "-keyout", f"{pem}.key"], capture_output=True, timeout=60, check=True)
    return pem


def entrance(config: ServeConfig, home: Path) -> str:
    return config.write(home).read_text()


def test_a_chain_with_its_key_beside_it_or_in_it(certificate: Path) -> None:
    assert Tls.of(certificate, None, PUBLIC) == Tls(str(certificate), 8443)
    key = certificate.with_name("site.pem.key")
    certificate.write_text(certificate.read_text() + key.read_text())
    key.unlink()
    assert Tls.of(certificate, 443, PUBLIC).port == 443


def test_a_certificate_without_a_key_is_refused(certificate: Path) -> None:
    certificate.with_name("site.pem.key").unlink()
    with pytest.raises(Failure, match="cannot be used"):
        Tls.of(certificate, None, PUBLIC)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"missing\.pem cannot be used \(No such file"):
        Tls.of(tmp_path / "missing.pem", None, PUBLIC)


def test_a_key_with_a_password_asks_nobody(certificate: Path) -> None:
    key = certificate.with_name("site.pem.key")
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:x", "-in", str(key), "-out", str(key)]
    subprocess.run(command, capture_output=True, timeout=60, check=True)
    with pytest.raises(Failure, match="open key"):
        Tls.of(certificate, None, PUBLIC)


@pytest.mark.parametrize("public", [None, "http://models.example.org"])
def test_users_must_see_https(certificate: Path, public: str | None) -> None:
    with pytest.raises(Failure, match="BASEMODEL_PUBLIC_URL"):
        Tls.of(certificate, None, public)


def test_the_entrance_is_told(tmp_path: Path) -> None:
    config = ServeConfig.load(None, "0.0.0.0", None, Tls("/x/site.pem", 443))
    assert "certificate: /x/site.pem" in entrance(config, tmp_path)
    assert "https_port: 443" in entrance(config, tmp_path)
    assert "certificate" not in entrance(ServeConfig.load(None, None, None), tmp_path)


def test_a_later_command_knows_it(tmp_path: Path) -> None:
    state = State("running", 0, "", "0.0.0.0", 8000, tls=Tls("/x/site.pem", 443))
    state.write(tmp_path)
    assert State.read(tmp_path) == state
    assert state.base_url == "http://127.0.0.1:8000"


def test_a_taken_https_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        config = ServeConfig.load(None, None, None, Tls("/x/site.pem", server.getsockname()[1]))
        found = checks.before_start(Settings.read({"BASEMODEL_HOME": str(tmp_path)}), config)
    assert any("--https-port" in finding.text for finding in found if finding.level == checks.FATAL)
