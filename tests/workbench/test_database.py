from __future__ import annotations

import asyncio
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.router.errors import assert_error
from tests.workbench.conftest import SignUp
from tests.workbench.test_site import routes
from workbench import database
from workbench.csrf import SAFE
from workbench.database import Database
from workbench.errors import SiteUnavailable
from workbench.services import Site
from workbench.users import ADMIN, User, Users, new_user


def person(name: str = "ada") -> User:
    return new_user(name, "1" * 16, "people", "user", "no hash")


async def test_what_is_written_is_read_and_what_fails_is_undone(site: Site) -> None:
    async with site.database.writing() as session:
        session.add(person())
    with suppress(ZeroDivisionError):
        async with site.database.writing() as session:
            session.add(person("eve"))
            await session.flush()
            raise ZeroDivisionError
    assert [user.name for user in await site.users.list()] == ["ada"]


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_nobody_else_may_read_the_file_whatever_the_umask(tmp_path: Path) -> None:
    one, before = Database(f"sqlite+aiosqlite:///{tmp_path}/site.db"), os.umask(0o022)
    try:
        async with one.writing() as session:
            session.add(person())
        assert modes(tmp_path) == dict.fromkeys(["site.db", "site.db-wal", "site.db-shm"], 0o600)
    finally:
        os.umask(before)
        await one.close()


async def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "site.db").touch(0o640)
    one = Database(f"sqlite+aiosqlite:///{tmp_path}/site.db")
    await one.open()
    await one.close()
    assert modes(tmp_path)["site.db"] == 0o640


async def test_a_broken_rule_of_the_database_is_the_callers_to_hear(site: Site) -> None:
    async with site.database.writing() as session:
        session.add(person("ada"))
    with pytest.raises(IntegrityError):
        async with site.database.writing() as session:
            session.add(person("ADA"))


async def test_writers_that_read_first_take_turns(site: Site) -> None:
    """Otherwise two would count from the same number, or one would be refused because the other wrote."""
    async with site.database.writing() as session:
        session.add(person())
    user = await site.users.named("ada")
    await asyncio.gather(*(site.users.sign_out_everywhere(user.id) for _ in range(10)))
    assert (await site.users.named("ada")).era == 10


async def test_readers_do_not_wait_for_a_writer(site: Site) -> None:
    async with site.database.writing() as session:
        session.add(person())
        await session.flush()
        assert await site.users.list() == []


async def test_a_writer_whose_client_left_lets_the_next_one_in(site: Site) -> None:
    await site.database.open()
    inside = asyncio.Event()

    async def left() -> None:
        async with site.database.writing() as session:
            session.add(person())
            await session.flush()
            inside.set()
            await asyncio.Event().wait()

    for _ in range(3):
        task = asyncio.create_task(left())
        await inside.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        inside.clear()
    async with site.database.writing() as session:
        session.add(person())


async def test_what_was_loaded_stays_readable_and_prints_no_secret(site: Site) -> None:
    async with site.database.writing() as session:
        session.add(person())
    async with site.database.reading() as session:
        user = await session.scalar(select(User))
    assert user is not None
    assert user.password == "no hash"
    assert "no hash" not in repr(user)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://nobody@127.0.0.1:1/nothing",
        "postgresql+asyncpg://nobody@nowhere.invalid/nothing",
        "sqlite+aiosqlite:////nowhere/site.db",
        "sqlite+aiosqlite:////dev/null",
    ],
)
async def test_a_database_that_is_away_is_one_kind_of_failure(url: str) -> None:
    away = Database(url)
    with pytest.raises(SiteUnavailable):
        await Users(away).list()
    with pytest.raises(SiteUnavailable):
        async with away.writing():
            pytest.fail("there is nothing to write to")
    await away.close()
    await no_threads_left()


async def no_threads_left() -> None:
    """aiosqlite's thread of a connection that could not be made tells the loop so, which must be there."""
    async with asyncio.timeout(10):
        while any("_connection_worker_thread" in thread.name for thread in threading.enumerate()):
            await asyncio.sleep(0.01)


async def test_a_server_that_knows_no_such_database_or_user_is_away(postgres_url: str) -> None:
    for wrong in (postgres_url.replace("/test", "/other"), postgres_url.replace("postgres@", "nobody@")):
        away = Database(wrong)
        with pytest.raises(SiteUnavailable):
            await Users(away).list()
        await away.close()


async def test_a_database_that_comes_back_is_used_again(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "RETRY_SECONDS", -database.CONNECT_SECONDS)
    back = Database(postgres_url)
    with monkeypatch.context() as patched:
        patched.setattr(database, "migrate", _refused)
        with pytest.raises(SiteUnavailable):
            await back.open()
    await back.open()
    assert await Users(back).list() == []
    await back.close()


async def test_a_database_that_was_away_is_not_asked_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    async def refused(*_: object) -> None:
        nonlocal asked
        asked += 1
        raise OSError("away")

    monkeypatch.setattr(database, "migrate", refused)
    away = Database("sqlite+aiosqlite:////nowhere/site.db")
    answers = await asyncio.gather(*(away.open() for _ in range(20)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {SiteUnavailable}
    assert asked == 1
    await away.close()


async def test_a_question_without_an_answer_is_given_up() -> None:
    with pytest.raises(SiteUnavailable):
        async with database.reaching(0.05):
            await asyncio.Event().wait()


async def _refused(*_: object) -> None:
    raise OSError("away")


async def test_an_address_that_no_database_takes_is_not_found(sign_up: SignUp) -> None:
    grace = await sign_up("grace", ADMIN)
    for method, path in sorted(set(routes("a%00b")) - set(routes())):
        assert_error(await grace.request(method, path, json=None if method in SAFE else {}), 404, "not_found")
