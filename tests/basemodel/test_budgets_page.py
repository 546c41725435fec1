"""docs/budgets.md: its commands run in the order in which they stand there, and it names every option and verb."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from redis import Redis

from basemodel.commands import accounts, keys, usage
from budgets.caps import DEFAULT_MONTHLY_TOKENS
from tests.basemodel.command_line import run

PAGE = (Path(__file__).parent.parent.parent / "docs" / "budgets.md").read_text()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASEMODEL_SECRET", raising=False)
    monkeypatch.setenv("BASEMODEL_HOME", str(tmp_path))
    monkeypatch.setenv("BASEMODEL_REDIS_URL", redis_url)
    with Redis.from_url(redis_url) as redis:
        redis.flushall()


def test_every_command_of_the_page_works() -> None:
    blocks: list[str] = re.findall(r"```shell\n(.*?)```", PAGE, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    # What is asked of a key by its name is asked before the key is revoked.
    commands.sort(key=lambda line: "revoke" in line)
    assert len(commands) > 10
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "basemodel"
        assert run(*words)[0] == 0, command


def test_the_page_names_every_verb_and_the_default_budget() -> None:
    registered = [(noun, one) for noun, app in NOUNS.items() for one in app.registered_commands if one.callback]
    verbs = [f"{noun} {one.name or getattr(one.callback, '__name__', '')}" for noun, one in registered]
    assert [verb for verb in verbs if f"basemodel {verb}" not in PAGE and verb != "accounts list"] == []
    assert f"{DEFAULT_MONTHLY_TOKENS:,}" in PAGE


NOUNS = {"accounts": accounts.app, "keys": keys.app, "usage": usage.app}
