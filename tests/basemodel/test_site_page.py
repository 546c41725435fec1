"""docs/site.md: its commands run in the order in which they stand there, and its numbers are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from basemodel import first_invite
from basemodel.commands import users
from tests.basemodel.command_line import run, succeed
from tests.basemodel.test_user_commands import accept, home
from workbench import audit, doorman, feedback, invites, resets, sessions, webhook

__all__ = ["home"]

PAGE = (Path(__file__).parent.parent.parent / "docs" / "site.md").read_text()


def test_every_command_of_the_page_works() -> None:
    accept(succeed("users", "invite")["link"], "ada")
    commands = [line for block in re.findall(r"```shell\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(commands) > 4
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "basemodel"
        assert run(*words)[0] == 0, command


def test_the_page_names_every_verb() -> None:
    verbs = [one.name or getattr(one.callback, "__name__", "") for one in users.app.registered_commands]
    assert [verb for verb in verbs if f"basemodel users {verb}" not in PAGE] == []


def test_the_page_says_the_numbers_of_the_code() -> None:
    seconds = [invites.SECONDS, resets.SECONDS, sessions.IDLE_SECONDS, sessions.LONGEST_SECONDS]
    assert [one / 3600 for one in seconds] == [7 * 24, 24, 2, 12]
    assert [doorman.OF_A_NAME[0], doorman.OF_AN_ADDRESS[0]] == [10, 30]
    assert [audit.SECONDS / 86_400, audit.MOST_OF_A_KIND] == [400, 5_000]
    assert [feedback.MOST_AN_HOUR, feedback.MOST_OF_ONE, feedback.MOST] == [20, 200, 5_000]
    assert [webhook.SECONDS, len(webhook.PAUSES)] == [5, 3]
    assert f"`.basemodel/{first_invite.FILE}`" in PAGE
