from __future__ import annotations

from pathlib import Path

import pytest

from basemodel.cluster import metrics, ray_head
from basemodel.failure import Failure


@pytest.mark.parametrize(("said", "port"), [("9464", 9464), ("0", 0), ("65535", 65535)])
def test_the_port_can_be_fixed(monkeypatch: pytest.MonkeyPatch, said: str, port: int) -> None:
    monkeypatch.setenv(metrics.VARIABLE, said)
    assert metrics.wanted_port() == port
    assert f"--metrics-export-port={port}" in ray_head.command(Path("/somewhere"), port)


def test_any_port_is_taken_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(metrics.VARIABLE, raising=False)
    assert metrics.wanted_port() == 0


@pytest.mark.parametrize("said", ["", "-1", "65536", "http", "٤"])
def test_what_is_no_port_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv(metrics.VARIABLE, said)
    with pytest.raises(Failure, match="must be a port"):
        metrics.wanted_port()


def test_the_address_is_what_ray_wrote_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_head, "folder_of", lambda home: home / "ray")
    assert metrics.address(tmp_path) is None
    session = tmp_path / "ray" / "session_latest"
    session.mkdir(parents=True)
    (session / "metrics_export_port_abc").write_text("")
    assert metrics.address(tmp_path) is None, "it is only starting"
    (session / "metrics_export_port_abc").write_text("9464\n")
    assert metrics.address(tmp_path) == "http://127.0.0.1:9464/metrics"
