"""What stops `up`: one sentence each, that says what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from basemodel import checks, machine
from basemodel.checks import Finding
from basemodel.cluster import metrics
from basemodel.cluster.config import ServeConfig
from basemodel.failure import Failure
from router.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read({"BASEMODEL_HOME": str(tmp_path)})


def fatal(finding: Finding) -> str:
    assert finding.level == checks.FATAL
    with pytest.raises(Failure) as caught:
        checks.refuse([Finding("Fine", checks.READY, "yes"), finding])
    return str(caught.value)


def test_a_taken_port_names_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = fatal(checks.port(port))
    assert said.startswith(f"Port {port} is taken by ")
    assert f"(process {os.getpid()})" in said
    assert "--port" in said


def test_a_taken_port_of_the_measures_is_found_before_ray_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv(metrics.VARIABLE, str(port))
        (found,) = checks.metrics_port()
    assert fatal(found).startswith(f"Port {port} is taken by ")
    assert "choose another with BASEMODEL_METRICS_PORT" in found.text
    assert checks.metrics_port()[0].level == checks.READY


@pytest.mark.parametrize(("said", "levels"), [(None, []), ("0", []), ("http", [checks.FATAL])])
def test_any_port_of_the_measures_needs_no_look(monkeypatch: pytest.MonkeyPatch, said: str | None, levels: list[str]) -> None:
    monkeypatch.delenv(metrics.VARIABLE, raising=False)
    if said is not None:
        monkeypatch.setenv(metrics.VARIABLE, said)
    assert [found.level for found in checks.metrics_port()] == levels


def test_an_unreachable_redis_says_what_to_do(tmp_path: Path) -> None:
    settings = Settings.read({"BASEMODEL_HOME": str(tmp_path), "BASEMODEL_REDIS_URL": "redis://127.0.0.1:1/0"})
    assert "BASEMODEL_REDIS_URL does not answer" in fatal(checks.redis(settings))


def test_a_reachable_redis_is_fine(tmp_path: Path, redis_url: str) -> None:
    settings = Settings.read({"BASEMODEL_HOME": str(tmp_path), "BASEMODEL_REDIS_URL": redis_url})
    assert checks.redis(settings).level == checks.READY


def test_a_home_too_deep_for_a_socket_says_so(tmp_path: Path) -> None:
    settings = Settings.read({"BASEMODEL_HOME": str(tmp_path / ("deep" * 30))})
    assert "shorter" in fatal(checks.redis(settings))


@pytest.mark.parametrize(
    ("probe", "value", "check", "said"),
    [
        ("available_memory", 1 << 30, checks.memory, "Only 1.0 GiB of memory"),
        ("python_version", (3, 12), checks.python, "python3.11"),
        ("architecture", "Darwin arm64", checks.processor, "container file"),
        ("has_avx2", False, checks.processor, "AVX2"),
    ],
)
def test_what_the_machine_lacks_is_one_sentence(monkeypatch: pytest.MonkeyPatch, probe, value, check, said: str) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(machine, probe, lambda: value)
    assert said in fatal(check())


def test_a_missing_library_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "has_library", lambda name: False)
    assert "apt-get install libnuma1" in fatal(checks.numa_library())


def test_a_full_disk_says_where(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(machine, "free_disk", lambda path: 1000)
    assert "make room" in fatal(checks.disk(settings))


def test_a_limit_of_the_container_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.available_memory() == 600


@pytest.mark.parametrize("text", ["applications: [", "- 1\n", "applications: 3\n"])
def test_a_config_that_is_none_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(text)
    with pytest.raises(Failure, match=r"serve\.yaml"):
        ServeConfig.load(path, None, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("http_options: 5\napplications: []", "must hold names and values"),
        ("http_options: {port: abc}\napplications: []", "from 1 to 65535"),
        ("applications: [1]", "applications with names"),
    ],
)
def test_a_config_with_a_wrong_part_names_it(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "serve_config.yaml"
    path.write_text(text)
    with pytest.raises(Failure, match=says):
        ServeConfig.load(path, None, None)


def test_an_address_that_is_none_says_so() -> None:
    with pytest.raises(Failure, match=r"999\.1\.1\.1 is no address"):
        ServeConfig.load(None, "999.1.1.1", None)


def test_a_config_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="--config"):
        ServeConfig.load(tmp_path / "missing.yaml", None, None)


def test_the_service_listens_on_loopback_unless_the_command_line_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text("http_options: {host: 0.0.0.0, port: 9}\napplications: []\n")
    quiet, loud = ServeConfig.load(path, None, None), ServeConfig.load(path, "0.0.0.0", 8011)
    assert (quiet.host, quiet.port) == ("127.0.0.1", 9)
    assert (loud.host, loud.port) == ("0.0.0.0", 8011)
