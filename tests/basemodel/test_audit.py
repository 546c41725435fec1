"""What commands change is in the site's audit log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from basemodel.audit import NOT_TOLD
from tests.basemodel.command_line import run, succeed
from tests.basemodel.test_user_commands import ask, home

__all__ = ["home"]


def told() -> list[tuple[str, str, Any, Any]]:
    """Without what was there before the test."""
    entries = ask(lambda site: site.audit.page())[::-1]
    assert {entry.who for entry in entries} == {"command line"}
    return [(one.what, one.target or "", json.loads(one.before or "null"), json.loads(one.after or "null")) for one in entries]


def test_accounts_are_told_by_what_changed() -> None:
    succeed("accounts", "create", "lab", "--monthly-tokens", "500")
    succeed("accounts", "set-budget", "lab", "900")
    for verb in ("disable", "disable", "enable"):
        succeed("accounts", verb, "lab")
    assert told() == [
        ("account.made", "lab", None, {"monthly_tokens": 500}),
        ("account.budget_set", "lab", {"monthly_tokens": 500}, {"monthly_tokens": 900}),
        ("account.disabled", "lab", {"state": "active"}, {"state": "disabled"}),
        ("account.enabled", "lab", {"state": "disabled"}, {"state": "active"}),
    ]


def test_keys_are_told_by_what_changed_and_never_shown() -> None:
    made = succeed("keys", "create", "--account", "default", "--name", "evals", "--expires", "2099-12-31", "--models", "pico")
    succeed("keys", "update", made["id"], "--name", "probes", "--monthly-tokens", "500")
    for verb in ("pause", "pause", "resume", "revoke"):
        succeed("keys", verb, made["id"])
    begun = {"account": "default", "monthly_tokens": None, "concurrency": 8, "expires": "2099-12-31T23:59:59Z", "models": ["pico"]}
    named = f"probes ({made['id']})"
    assert told() == [
        ("key.made", f"evals ({made['id']})", None, begun),
        ("key.changed", named, {"name": "evals", "monthly_tokens": None}, {"name": "probes", "monthly_tokens": 500}),
        ("key.paused", named, {"state": "active"}, {"state": "paused"}),
        ("key.resumed", named, {"state": "paused"}, {"state": "active"}),
        ("key.revoked", named, {"state": "active"}, {"state": "revoked"}),
    ]
    assert made["key"] not in str(told())


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing", "mysql://x/y"])
def test_without_its_database_a_command_does_what_it_does_and_says_that_nobody_wrote_it_down(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("BASEMODEL_DATABASE_URL", url)
    code, out, err = run("accounts", "create", "lab", "--json")
    assert (code, json.loads(out)["name"], err.strip()) == (0, "lab", NOT_TOLD)
    assert [one["name"] for one in succeed("accounts", "list")] == ["default", "lab"]
