"""The command line as a person types it, without Ray."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from redis import Redis

from basemodel import first_key
from budgets.keys import Keys
from budgets.store import connect
from router.settings import Settings
from tests.basemodel.command_line import run, succeed


@pytest.fixture(autouse=True)
def home(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ACS_API_KEY", "ACS_API_BASE", "BASEMODEL_SECRET", "BASEMODEL_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    monkeypatch.setenv("BASEMODEL_REDIS_URL", redis_url)
    monkeypatch.setenv("BASEMODEL_REDIS_UNSAFE", "1")  # the Redis of tests writes nothing to disk
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    return tmp_path


async def owner(key: str) -> str:
    settings = Settings.read()
    redis = connect(settings.redis_url)
    try:
        return (await Keys(redis, settings.secret).find(key)).id
    finally:
        await redis.aclose()


def test_a_created_key_opens_the_api() -> None:
    succeed("accounts", "create", "lab")
    made = succeed("keys", "create", "--account", "lab", "--name", "mine", "--models", "pico, nano", "--expires", "2999-01-31")
    assert asyncio.run(owner(made["key"])) == made["id"]
    (listed,) = succeed("keys", "list")
    assert (listed["account"], listed["name"], listed["models"], listed["state"]) == ("lab", "mine", ["pico", "nano"], "active")
    assert made["key"] not in json.dumps(listed)


def test_the_key_is_text_for_people() -> None:
    succeed("accounts", "create", "lab")
    code, out, _ = run("keys", "create", "--account", "lab")
    assert code == 0
    assert out.startswith("acs-bm-")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["keys", "create", "--account", "nobody"], "no account nobody"),
        (["accounts", "create", "lab"], "exists already"),
        (["models", "list"], "basemodel up"),
        (["complete", "The"], "basemodel up"),
        (["up", "--config", "/nowhere.yaml"], "--config"),
    ],
)
def test_a_failure_is_one_sentence_and_exit_1(words: list[str], said: str) -> None:
    run("accounts", "create", "lab")
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [["keys", "create"], ["keys", "create", "--account", "lab", "--expires", "2001-01-01"], ["nonsense"], ["up", "--port", "70000"]],
)
def test_a_wrong_usage_is_exit_2(words: list[str]) -> None:
    assert run(*words)[0] == 2


def test_an_unreachable_redis_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASEMODEL_REDIS_URL", "redis://127.0.0.1:1/0")
    code, _, err = run("accounts", "list")
    assert code == 1
    assert "BASEMODEL_REDIS_URL does not answer" in err


def test_a_stopped_embedded_redis_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASEMODEL_REDIS_URL")
    code, _, err = run("keys", "list")
    assert code == 1
    assert "basemodel up" in err


def test_nothing_runs_here() -> None:
    assert succeed("status")["running"] is False
    assert succeed("down") == {"ended": []}


def test_the_first_key_is_made_once_and_kept_private(home: Path) -> None:
    asyncio.run(first_key.ensure(Settings.read()))
    key = first_key.stored(home)
    assert key is not None
    asyncio.run(owner(key))
    asyncio.run(first_key.ensure(Settings.read()))
    assert first_key.stored(home) == key
    assert (home / first_key.FILE).stat().st_mode & 0o777 == 0o600


def test_another_secret_than_at_the_first_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    succeed("accounts", "create", "lab")
    succeed("keys", "create", "--account", "lab")
    monkeypatch.setenv("BASEMODEL_SECRET", "1:" + "00" * 32)
    code, _, err = run("keys", "create", "--account", "lab")
    assert code == 1
    assert "BASEMODEL_SECRET" in err
