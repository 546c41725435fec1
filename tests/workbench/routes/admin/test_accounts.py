from __future__ import annotations

from typing import Any

import pytest

from budgets.accounts import Account
from budgets.caps import DEFAULT_MONTHLY_TOKENS
from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.routes.admin.conftest import Told
from tests.workbench.test_site import COMPLETION

ROUTE = "/site/admin/accounts"


async def test_accounts_tell_what_they_may_use_and_have_used(grace: Browser, account: Account) -> None:
    await grace.post("/site/v1/completions", json=COMPLETION)
    (listed,) = (await grace.get(ROUTE)).json()["accounts"]
    assert (listed["id"], listed["name"], listed["state"], listed["monthly_tokens"]) == (
        *(account.id, "people", "active"),
        DEFAULT_MONTHLY_TOKENS,
    )
    assert listed["used"] > 0
    assert listed["held"] == 0
    assert listed["remaining"] == DEFAULT_MONTHLY_TOKENS - listed["used"]


async def test_an_account_is_made_once(grace: Browser, told: Told) -> None:
    await told()
    made = await grace.post(ROUTE, json={"name": "lab", "monthly_tokens": 500})
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["monthly_tokens"]) == ("lab", 500)
    assert_error(await grace.post(ROUTE, json={"name": "lab"}), 409, "conflict", "name")
    assert (await grace.post(ROUTE, json={"name": "other"})).json()["monthly_tokens"] == DEFAULT_MONTHLY_TOKENS
    assert await told() == [
        ("grace", "account.made", "lab", None, '{"monthly_tokens": 500}'),
        ("grace", "account.made", "other", None, f'{{"monthly_tokens": {DEFAULT_MONTHLY_TOKENS}}}'),
    ]


async def test_a_budget_is_set_and_what_was_so_already_is_not_told(grace: Browser, account: Account, told: Told) -> None:
    await told()
    for _ in range(2):
        changed = await grace.patch(f"{ROUTE}/{account.id}", json={"monthly_tokens": 7})
        assert changed.json()["monthly_tokens"] == 7
    before = f'{{"monthly_tokens": {DEFAULT_MONTHLY_TOKENS}}}'
    assert await told() == [("grace", "account.budget_set", "people", before, '{"monthly_tokens": 7}')]
    answer = await grace.post("/site/v1/completions", json=COMPLETION)
    assert_error(answer, 429, "budget_exceeded", "account")


async def test_a_disabled_account_runs_nothing_until_it_is_enabled(grace: Browser, account: Account, told: Told) -> None:
    await told()
    for _ in range(2):
        assert (await grace.post(f"{ROUTE}/{account.id}/disable")).json()["state"] == "disabled"
    assert_error(await grace.post("/site/v1/completions", json=COMPLETION), 403, "account_disabled")
    assert (await grace.post(f"{ROUTE}/{account.id}/enable")).json()["state"] == "active"
    assert (await grace.post("/site/v1/completions", json=COMPLETION)).status_code == 200
    assert await told() == [
        ("grace", "account.disabled", "people", '{"state": "active"}', '{"state": "disabled"}'),
        ("grace", "account.enabled", "people", '{"state": "disabled"}', '{"state": "active"}'),
    ]


async def test_what_is_not_there_is_not_changed(grace: Browser) -> None:
    assert_error(await grace.patch(f"{ROUTE}/none", json={"monthly_tokens": 7}), 404, "not_found")
    for verb in ("disable", "enable"):
        assert_error(await grace.post(f"{ROUTE}/none/{verb}"), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing_parameter", "name"),
        ({"name": ""}, "invalid_value", "name"),
        ({"name": " lab"}, "invalid_value", "name"),
        ({"name": "x" * 65}, "invalid_value", "name"),
        ({"name": "a\x00b"}, "invalid_value", "name"),
        ({"name": "lab", "monthly_tokens": -1}, "invalid_value", "monthly_tokens"),
        ({"name": "lab", "monthly_tokens": "5"}, "invalid_value", "monthly_tokens"),
        ({"name": "lab", "monthly_tokens": 10**15 + 1}, "invalid_value", "monthly_tokens"),
        ({"name": "lab", "state": "active"}, "unknown_parameter", "state"),
    ],
    ids=str,
)
async def test_a_wrong_field_is_named(grace: Browser, body: dict[str, Any], code: str, param: str) -> None:
    assert_error(await grace.post(ROUTE, json=body), 400, code, param)


async def test_a_budget_that_is_none_is_refused(grace: Browser, account: Account) -> None:
    for body, code in (
        ({}, "missing_parameter"),
        ({"monthly_tokens": None}, "missing_parameter"),
        ({"monthly_tokens": 0.5}, "invalid_value"),
    ):
        assert_error(await grace.patch(f"{ROUTE}/{account.id}", json=body), 400, code, "monthly_tokens")
