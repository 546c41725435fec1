from __future__ import annotations

from pathlib import Path

import pytest

from router.settings import BadSetting
from workbench.settings import Links, SiteSettings


def read(tmp_path: Path, **given: str) -> SiteSettings:
    return SiteSettings.read({"BASEMODEL_HOME": str(tmp_path), **{f"BASEMODEL_{name}": value for name, value in given.items()}})


def test_without_settings_people_are_kept_in_the_home(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found == SiteSettings(f"sqlite+aiosqlite:///{tmp_path}/site/site.db")
    assert not found.https


def test_everything_can_be_set(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        DATABASE_URL="postgresql://me:pass@db:5432/site",
        PUBLIC_URL="https://lab.example/",
        CHAT_URL="https://chat.example/base-models",
        FEEDBACK_URL="https://chat.example/feedback",
        BUGS_URL="https://bugs.example",
        FEEDBACK_WEBHOOK="http://hooks.example/1",
    )
    links = Links("https://chat.example/base-models", "https://chat.example/feedback", "https://bugs.example")
    wanted = SiteSettings("postgresql+asyncpg://me:pass@db:5432/site", "https://lab.example", links, "http://hooks.example/1")
    assert found == wanted
    assert found.https


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://host", "sqlite://", "sqlite:///:memory:", "nothing", "postgresql://h:port/x"])
def test_a_database_of_another_kind_is_refused_with_what_to_write(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSetting, match=r"postgresql://USER:PASSWORD@HOST"):
        read(tmp_path, DATABASE_URL=url)


@pytest.mark.parametrize("name", ["PUBLIC_URL", "CHAT_URL", "FEEDBACK_URL", "BUGS_URL", "FEEDBACK_WEBHOOK"])
@pytest.mark.parametrize("url", ["javascript:alert(1)", "lab.example", "https://", "http://[", "https://a b", "https://a\n.example"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, name: str, url: str) -> None:
    with pytest.raises(BadSetting, match=f"BASEMODEL_{name} must be an http or https URL"):
        read(tmp_path, **{name: url})
