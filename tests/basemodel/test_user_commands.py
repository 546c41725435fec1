"""`basemodel users` and the first admin's link, against a real Redis and SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from redis import Redis as BlockingRedis

from basemodel import first_invite, first_key, people
from router.settings import Settings
from tests.basemodel.command_line import fail, misuse, run, succeed
from workbench import sign_in
from workbench.errors import BadCredentials, InviteUnknown
from workbench.services import Site
from workbench.users import User

PASSWORD, NEW = "correct horse battery", "another long password"
ADDRESS = "http://127.0.0.1:8000"

T = TypeVar("T")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("BASEMODEL_SECRET", "BASEMODEL_PUBLIC_URL", "BASEMODEL_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    monkeypatch.setenv("BASEMODEL_REDIS_URL", redis_url)
    monkeypatch.setenv("BASEMODEL_REDIS_UNSAFE", "1")  # the Redis of tests writes nothing to disk
    with BlockingRedis.from_url(redis_url) as redis:
        redis.flushall()
    asyncio.run(first_key.ensure(Settings.read()))
    return tmp_path


def ask(question: Callable[[Site], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with people.opened(Settings.read()) as site:
            return await question(site)

    return asyncio.run(asked())


def accept(link: str, name: str) -> None:
    ask(lambda site: sign_in.by_invite(site, link.partition("#")[2], name, PASSWORD))


def user(name: str) -> User:
    return ask(lambda site: site.users.named(name))


def invited(*words: str) -> str:
    return str(succeed("users", "invite", *words)["link"])


def first_link() -> str | None:
    return asyncio.run(first_invite.link(Settings.read(), ADDRESS))


def test_an_invited_user_is_listed_with_account_and_role() -> None:
    succeed("accounts", "create", "lab")
    accept(invited(), "ada")
    accept(invited("--account", "lab", "--admin"), "grace")
    shown = [(one["name"], one["account"], one["role"], one["state"]) for one in succeed("users", "list")]
    assert shown == [("ada", "default", "user", "active"), ("grace", "lab", "admin", "active")]
    assert "argon2" not in run("users", "list", "--json")[1]
    assert "grace" in run("users", "list")[1]


def test_an_invite_is_a_link_whose_secret_servers_never_see(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invited().startswith(f"{ADDRESS}/invite#")
    monkeypatch.setenv("BASEMODEL_PUBLIC_URL", "https://lab.example/")
    assert invited().startswith("https://lab.example/invite#")
    assert "It is not shown again" in run("users", "invite")[1]


def test_a_reset_link_sets_a_new_password() -> None:
    accept(invited(), "ada")
    token = succeed("users", "reset-password", "ADA")["link"].partition("/reset#")[2]
    ask(lambda site: sign_in.by_reset(site, token, NEW))
    ask(lambda site: sign_in.by_password(site, "ada", NEW))
    with pytest.raises(BadCredentials):
        ask(lambda site: sign_in.by_password(site, "ada", PASSWORD))


def test_a_disabled_user_is_out_and_what_runs_in_the_browser_stops() -> None:
    accept(invited(), "ada")
    cookie, _ = ask(lambda site: sign_in.by_password(site, "ada", PASSWORD))
    assert succeed("users", "disable", "ada")["state"] == "disabled"
    assert ask(lambda site: site.sessions.find(cookie)) is None
    assert [key["state"] for key in succeed("keys", "list") if key["name"] == "workbench"] == ["paused"]
    with pytest.raises(BadCredentials):
        ask(lambda site: sign_in.by_password(site, "ada", PASSWORD))
    assert succeed("users", "enable", "ada")["state"] == "active"
    assert [key["state"] for key in succeed("keys", "list") if key["name"] == "workbench"] == ["active"]
    ask(lambda site: sign_in.by_password(site, "ada", PASSWORD))


def test_what_the_command_line_did_to_people_is_in_the_audit_log() -> None:
    accept(invited("--admin"), "ada")
    for verb in ("reset-password", "disable", "enable"):
        succeed("users", verb, "ada")
    entries = ask(lambda site: site.audit.page())[::-1]
    assert [(entry.who, entry.what, entry.target) for entry in entries] == [
        ("command line", "invite.made", "default"),
        ("ada", "invite.used", "default"),
        ("command line", "reset.made", "ada"),
        ("command line", "user.disabled", "ada"),
        ("command line", "user.enabled", "ada"),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["users", "invite", "--account", "nobody"], "no account nobody"),
        (["users", "disable", "nobody"], "no such user"),
        (["users", "enable", "nobody"], "no such user"),
        (["users", "reset-password", "nobody"], "no such user"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words: list[str], said: str) -> None:
    assert said in fail(*words)


def test_wrong_words_are_exit_2() -> None:
    for words in (["users", "disable"], ["users", "invite", "extra"], ["users", "nonsense"]):
        assert misuse(*words)


@pytest.mark.parametrize(
    ("url", "said"),
    [("postgresql://nobody@127.0.0.1:1/nothing", "does not answer"), ("mysql://x/y", "BASEMODEL_DATABASE_URL must be")],
)
def test_a_database_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    monkeypatch.setenv("BASEMODEL_DATABASE_URL", url)
    assert said in fail("users", "list")


def test_a_setting_of_the_site_that_cannot_be_used_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_CHAT_URL", "lab chat")
    assert "BASEMODEL_CHAT_URL must be" in fail("up")


def test_the_database_is_nobody_elses_to_read(home: Path) -> None:
    succeed("users", "list")
    assert (home / "site" / "site.db").exists()
    assert (home / "site").stat().st_mode & 0o777 == 0o700


def test_the_first_admin_comes_in_by_one_link_that_is_kept_private(home: Path) -> None:
    link = first_link() or ""
    assert link.startswith(f"{ADDRESS}/invite#")
    assert link == first_link() == first_invite.stored(home)
    assert (home / first_invite.FILE).stat().st_mode & 0o777 == 0o600
    accept(link, "ada")
    assert (user("ada").account, user("ada").role) == ("default", "admin")
    assert first_link() is None
    assert not (home / first_invite.FILE).exists()


def test_a_first_link_that_has_expired_is_replaced(home: Path) -> None:
    link = first_link() or ""
    (invite,) = ask(lambda site: site.invites.list())
    ask(lambda site: site.invites.withdraw(invite.id))
    again = first_link() or ""
    assert again.partition("#")[2] != link.partition("#")[2]
    with pytest.raises(InviteUnknown):
        accept(link, "ada")


def test_without_its_database_the_service_starts_and_names_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert first_link() is None
