"""How the Ray head is asked for: loopback, a token, nothing that runs what it is sent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from basemodel.cluster import ray_head
from basemodel.cluster.processes import MARK
from basemodel.failure import Failure


def test_a_deep_home_keeps_rays_sockets_elsewhere() -> None:
    assert ray_head.folder_of(Path("/srv/.basemodel")) == Path("/srv/.basemodel/ray")
    deep = ray_head.folder_of(Path("/srv/" + "deep/" * 20 + ".basemodel"))
    assert len(str(deep)) <= ray_head.LONGEST_FOLDER
    assert str(deep).startswith("/tmp/basemodel-")


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.setattr(ray_head, "folder_of", lambda home: tmp_path / "link" / "ray")
    with pytest.raises(Failure, match="somebody else"):
        ray_head.make_folder(tmp_path)


def test_only_the_last_session_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_head, "folder_of", lambda home: tmp_path / "ray")
    for day in (1, 2, 3):
        (tmp_path / "ray" / f"session_2026-11-0{day}_x").mkdir(parents=True)
    ray_head.make_folder(tmp_path)
    assert [path.name for path in (tmp_path / "ray").iterdir()] == ["session_2026-11-03_x"]


def test_the_environment_names_no_other_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "192.0.2.1:6379")
    environment = ray_head.environment(tmp_path, Path("/etc"))
    assert "RAY_ADDRESS" not in environment
    assert environment[MARK] == environment["BASEMODEL_HOME"] == str(tmp_path)
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["PYTHONPATH"].split(":")[0] == "/etc"


def test_the_token_is_made_once_for_this_user_only(tmp_path: Path) -> None:
    ray_head.make_token(tmp_path)
    token = (tmp_path / ray_head.TOKEN_FILE).read_text()
    ray_head.make_token(tmp_path)
    assert (tmp_path / ray_head.TOKEN_FILE).read_text() == token
    assert len(token) == 64
    assert (tmp_path / ray_head.TOKEN_FILE).stat().st_mode & 0o777 == 0o600


def test_the_client_server_is_left_out() -> None:
    parameters = SimpleNamespace(ray_client_server_port=10001, no_monitor=False, include_log_monitor=True)
    ray_head.leave_out(parameters, head=True)
    assert parameters.ray_client_server_port is None
