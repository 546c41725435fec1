from __future__ import annotations

import stat
from pathlib import Path

import pytest

from router.settings import BadSetting, Settings


def test_a_home_gets_its_secret_once(tmp_path: Path) -> None:
    environment = {"BASEMODEL_HOME": str(tmp_path / "home")}
    first, second = Settings.read(environment), Settings.read(environment)
    assert first == second
    assert stat.S_IMODE((tmp_path / "home" / "secret").stat().st_mode) == 0o600
    assert first.redis_url == f"unix://{tmp_path}/home/redis/redis.sock"


def test_what_is_set_wins(tmp_path: Path) -> None:
    environment = {
        "BASEMODEL_HOME": str(tmp_path),
        "BASEMODEL_REDIS_URL": "redis://elsewhere:6379/2",
        "BASEMODEL_SECRET": "4:" + "ab" * 32,
        "BASEMODEL_PUBLIC_URL": "https://lab.example",
    }
    settings = Settings.read(environment)
    assert (settings.redis_url, settings.secret.newest, settings.public_url) == ("redis://elsewhere:6379/2", 4, "https://lab.example")
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"BASEMODEL_REDIS_URL": "localhost:6379"},
        {"BASEMODEL_REDIS_URL": "redis://127.0.0.1:abc"},
        {"BASEMODEL_REDIS_URL": "redis+sentinel://a:26379,b:26379"},
        {"BASEMODEL_SECRET": "hunter2"},
    ],
    ids=str,
)
def test_a_bad_setting_is_named(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match=next(iter(wrong))):
        Settings.read({"BASEMODEL_HOME": str(tmp_path), **wrong})
