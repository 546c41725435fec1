"""What `doctor` says of the site's database, whatever state it is in."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from basemodel import checks
from basemodel.database_check import AWAY, NEWER, database
from workbench.database import Database


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BASEMODEL_DATABASE_URL", f"sqlite:///{tmp_path}/site.db")
    return tmp_path / "site.db"


async def make(path: Path) -> None:
    one = Database(f"sqlite+aiosqlite:///{path}")
    await one.open()
    await one.close()


@pytest.fixture
def made(path: Path) -> Path:
    asyncio.run(make(path))
    return path


def test_one_that_is_not_there_yet_is_fine_and_stays_away(path: Path) -> None:
    assert database().level == checks.READY
    assert not path.exists()


def test_one_with_the_tables_of_this_version_is_fine(made: Path) -> None:
    found = database()
    assert (found.level, found.text) == (checks.READY, "answers")


def test_one_that_others_can_read_says_how_to_close_it(made: Path) -> None:
    made.chmod(0o644)
    found = database()
    assert found.level == checks.WARNING
    assert f"chmod 600 {made}" in found.text


def set_revision(path: Path, revision: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_older_tables_are_fine(made: Path) -> None:
    set_revision(made, "0001_people")
    found = database()
    assert found.level == checks.READY
    assert "up to date" in found.text


def test_tables_of_a_newer_version_are_told(made: Path) -> None:
    set_revision(made, "9999_future")
    assert database().text == NEWER


def test_a_file_that_is_no_database_is_told(made: Path) -> None:
    made.write_bytes(b"no database at all" * 100)
    assert database().text == AWAY


@pytest.mark.parametrize("url", ["postgresql://nobody:secret@127.0.0.1:1/none", "mysql://x"])
def test_what_cannot_be_reached_is_no_reason_not_to_start(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_DATABASE_URL", url)
    found = database()
    assert found.level == checks.WARNING
    assert "BASEMODEL_DATABASE_URL" in found.text
    assert "secret" not in found.text
