"""The Usage page's figures: those of the ledger, by key too, and as a table that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from budgets.ledger import Ledger
from budgets.requests import Charge, Granted, Reservation
from budgets.scripts import Scripts
from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from workbench.routes.usage import guarded
from workbench.services import Site


@pytest.fixture
async def ada(sign_up: SignUp) -> Browser:
    """She has run something in her browser, and with a key."""
    browser = await sign_up("ada")
    body = {"model": "pico", "prompt": [5, 6], "max_tokens": 3}
    assert (await browser.post("/site/v1/completions", json=body)).status_code == 200
    key = (await browser.post("/site/keys", json={"name": "=evals"})).json()["key"]
    for _ in range(2):
        await browser.post("/v1/completions", json=body, headers={"authorization": f"Bearer {key}"})
    return browser


async def test_the_months_counts_are_there_by_model_day_and_key(ada: Browser) -> None:
    report = (await ada.get("/site/usage")).json()
    (model,), keys = report["by_model"], report["by_key"]
    assert [one["name"] for one in keys] == ["=evals", "workbench"]
    for what in ("requests", "prompt_tokens", "completion_tokens", "errors"):
        assert model[what] == sum(one[what] for one in keys) == sum(one[what] for one in report["by_day"])
    assert report["account"]["used"] == model["prompt_tokens"] + model["completion_tokens"]


async def test_one_keys_counts_are_its_own(ada: Browser) -> None:
    report = (await ada.get("/site/usage")).json()
    chosen = next(one for one in report["by_key"] if one["name"] == "=evals")
    one = (await ada.get(f"/site/usage?key={chosen['id']}")).json()
    assert (one["key"]["name"], one["by_model"][0]["requests"]) == ("=evals", 2)


async def test_a_key_that_was_used_in_vain_is_there_too(ada: Browser, site: Site) -> None:
    account = (await site.users.named("ada")).account_id
    _, key = await site.keys.create(account, "unlucky")
    wanted = Reservation("request-1", account, key.id, "pico", 2, 3)
    granted = await Ledger(site.redis).admit(wanted)
    assert isinstance(granted, Granted)
    await Ledger(site.redis).settle(granted, Charge(0, 0, failed=True))
    await site.keys.revoke(account, key.id)
    report = (await ada.get("/site/usage")).json()
    (unlucky,) = [one for one in report["by_key"] if one["name"] == "unlucky"]
    assert (unlucky["requests"], unlucky["errors"], unlucky["prompt_tokens"]) == (1, 1, 0)
    assert [row["key"] for row in csv.DictReader(io.StringIO((await ada.get("/site/usage.csv")).text))].count("unlucky") == 1


async def test_many_keys_are_read_at_once(ada: Browser, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    account = (await site.users.named("ada")).account_id
    for number in range(30):
        await site.keys.create(account, f"key {number}")
    asked = []
    run = Scripts.run

    async def counted(self: Scripts, name: str, *rest: Any) -> Any:
        asked.append(name)
        return await run(self, name, *rest)

    monkeypatch.setattr(Scripts, "run", counted)
    assert (await ada.get("/site/usage.csv")).status_code == 200
    assert asked.count("usage") == 1


async def test_an_earlier_month_is_empty_and_a_wrong_one_is_refused(ada: Browser) -> None:
    report = (await ada.get("/site/usage?month=2020-01")).json()
    assert (report["by_model"], report["by_key"]) == ([], [])
    assert_error(await ada.get("/site/usage?month=2020-13"), 400, "invalid_value", "month")
    assert_error(await ada.get("/site/usage?year=2020"), 400, "unknown_parameter", "year")


async def test_the_table_has_a_line_for_each_day_key_and_model_and_no_formula(ada: Browser) -> None:
    answer = await ada.get("/site/usage.csv")
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert answer.headers["content-disposition"].startswith('attachment; filename="usage-')
    assert head == ["day", "key", "model", "requests", "prompt_tokens", "completion_tokens", "errors"]
    assert [(row[1], row[2], row[3]) for row in rows] == [("'=evals", "pico", "2"), ("workbench", "pico", "1")]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", " =1", "\r=1", "\n-1", "\u00a0@x", "\uff1d1+1"])
def test_a_cell_that_begins_as_a_formula_is_text(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
    assert guarded("plain") == "plain"
