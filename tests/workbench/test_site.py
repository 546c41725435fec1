"""Every route of the site, found by walking the application."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from budgets.accounts import Account
from budgets.keys import ApiKey
from router.app import KEYED
from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from workbench.csrf import SAFE
from workbench.services import Site
from workbench.site import ROUTES

#: What is tried here is above the database: one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

#: Whoever comes in by these has no session yet, so no token of one.
WAYS_IN = {"/site/sign-in", "/site/invites/look", "/site/invites/accept", "/site/resets/use"}
#: These are there for nobody, and say so to everybody.
NOWHERE = re.compile("/v1/chat/")

COMPLETION = {"model": "pico", "prompt": "In the beginning", "max_tokens": 4, "seed": 1}
CALLS = [
    ("POST", "completions", COMPLETION),
    ("POST", "completions", {**COMPLETION, "stream": True}),
    ("POST", "completions", {**COMPLETION, "temperature": "hot"}),
    ("POST", "score", {"model": "pico", "prompt": "In the", "continuations": [" end"]}),
    ("POST", "tokenize", {"model": "pico", "prompt": "In the beginning"}),
    ("POST", "detokenize", {"model": "pico", "tokens": [1, 2]}),
    ("GET", "tokenizer_info?model=pico", None),
    ("GET", "models", None),
    ("GET", "models/pico", None),
    ("POST", "models/pico/warm", {}),
    ("GET", "models/none", None),
]


def routes(parameter: str = "x") -> Iterator[tuple[str, str]]:
    """Every method and address under /site, with this in place of each parameter."""
    for module in (*ROUTES, *KEYED):
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            for method in route.methods:
                yield method, "/site" + re.sub(r"{[^}]*}", parameter, route.path)


UNSAFE = sorted((method, path) for method, path in routes() if method not in SAFE)
FOR_ADMINS = sorted((method, path) for method, path in routes() if path.startswith("/site/admin/"))
NEED_A_SESSION = sorted((method, path) for method, path in routes() if path not in WAYS_IN and not NOWHERE.search(path))


def alike(answer: httpx.Response) -> str:
    """Without what differs from request to request."""
    return re.sub(r'"(id|created|since|x-request-id)": ?("[^"]*"|\d+)', "", answer.text)


async def send(browser: Browser, method: str, path: str, headers: dict[str, str | None]) -> httpx.Response:
    """As a page does, but with other headers; None leaves one out."""
    request = browser.build_request(method, path, content=b"{}")
    for name, value in headers.items():
        if value is None:
            request.headers.pop(name, None)
        else:
            request.headers[name] = value
    return await browser.send(request)


def test_the_walk_finds_every_route_that_is_mounted(site_app: FastAPI) -> None:
    (mounted,) = [route.app for route in site_app.routes if isinstance(route, Mount) and route.path == "/site"]
    assert isinstance(mounted, FastAPI)
    found = {
        (method, "/site" + re.sub(r"{[^}]*}", "x", route.path))
        for route in mounted.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert found == set(routes())
    assert len(UNSAFE) > 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
        {"sec-fetch-site": None},
        {"sec-fetch-site": None, "origin": "null"},
        {"sec-fetch-site": None, "origin": "http://127.0.0.1:9000"},
        {"sec-fetch-site": None, "origin": "https://127.0.0.1:8000"},
        {"x-csrf-token": None},
        {"x-csrf-token": ""},
        {"x-csrf-token": "0" * 64},
        {"x-csrf-token": "ü"},
    ],
    ids=str,
)
async def test_no_unsafe_route_is_open_to_other_sites(sign_up: SignUp, wrong: dict[str, str | None]) -> None:
    ada = await sign_up("ada")
    for method, path in UNSAFE:
        if "x-csrf-token" in wrong and (path in WAYS_IN or NOWHERE.search(path)):
            continue
        answer = await send(ada, method, path, wrong)
        assert_error(answer, 403, "csrf")
    assert await ada.user() is not None


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_no_unsafe_route_takes_what_a_form_can_send(sign_up: SignUp, kind: str | None) -> None:
    ada = await sign_up("ada")
    for method, path in UNSAFE:
        assert_error(await send(ada, method, path, {"content-type": kind}), 415, "unsupported_media_type")


async def test_an_old_browser_is_known_by_its_origin(sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    answer = await send(ada, "POST", "/site/sign-out", {"sec-fetch-site": None, "origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 204


async def test_the_token_of_another_session_is_good_for_nothing(sign_up: SignUp) -> None:
    ada, eve = await sign_up("ada"), await sign_up("eve")
    answer = await send(ada, "POST", "/site/sign-out", {"x-csrf-token": eve.headers["x-csrf-token"]})
    assert_error(answer, 403, "csrf")


async def test_every_route_needs_a_session_and_no_key_stands_for_one(
    browser: Browser, sign_up: SignUp, api_key: tuple[str, ApiKey]
) -> None:
    ada = await sign_up("ada")
    for method, path in NEED_A_SESSION:
        assert_error(await send(browser, method, path, {}), 401, "not_signed_in")
        for name, value in (("authorization", f"Bearer {api_key[0]}"), ("x-api-key", api_key[0])):
            assert_error(await send(browser, method, path, {name: value}), 401, "not_signed_in")
            assert_error(await send(ada, method, path, {name: value}), 401, "not_signed_in")


async def test_no_route_of_admins_is_open_to_others(sign_up: SignUp) -> None:
    eve = await sign_up("eve")
    for method, path in FOR_ADMINS:
        assert_error(await send(eve, method, path, {}), 403, "not_admin")
    assert {path.split("/")[3] for _, path in FOR_ADMINS} == {
        *("accounts", "users", "invites", "resets"),
        *("feedback", "models", "audit"),
    }


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_no_route_of_the_api_takes_a_cookie(sign_up: SignUp, method: str, path: str, body: object) -> None:
    ada = await sign_up("ada")
    assert_error(await ada.request(method, f"/v1/{path}", json=body), 401, "invalid_api_key")


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
async def test_the_site_answers_as_the_api_does(sign_up: SignUp, client: httpx.AsyncClient, method: str, path: str, body: object) -> None:
    ada = await sign_up("ada")
    with_key = await client.request(method, f"/v1/{path}", json=body)
    with_cookie = await ada.request(method, f"/site/v1/{path}", json=body)
    assert with_cookie.status_code == with_key.status_code
    assert alike(with_cookie) == alike(with_key)
    assert with_cookie.headers["content-type"] == with_key.headers["content-type"]
    missing = with_key.headers.keys() - with_cookie.headers.keys()
    assert {name for name in missing if not name.startswith("access-control-")} == set()
    assert not any(name.startswith("access-control-") for name in with_cookie.headers)


async def test_what_the_browser_runs_is_charged_to_its_own_key_as_the_api_charges(
    sign_up: SignUp, client: httpx.AsyncClient, site: Site, account: Account
) -> None:
    ada, eve = await sign_up("ada"), await sign_up("eve")
    used = []
    for body in (COMPLETION, {**COMPLETION, "stream": True}, {**COMPLETION, "n": 3}):
        await client.post("/v1/completions", json=body)
        await ada.post("/site/v1/completions", json=body)
    for report in (await client.get("/v1/usage"), await ada.get("/site/v1/usage"), await eve.get("/site/v1/usage")):
        used.append(report.json()["key"]["used"])
    assert used[0] == used[1] > 0
    assert used[2] == 0
    assert (await ada.get("/site/v1/usage")).json()["key"]["name"] == "workbench"
    assert {key.name for key in await site.keys.list(account.id)} == {"workbench"}


async def test_the_key_of_the_browser_is_shown_nowhere(sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    for path in ("/site/session", "/site/v1/usage", "/site/v1/models"):
        assert "acs-bm-" not in (await ada.get(path)).text


async def test_a_paused_key_stops_the_browser_and_a_disabled_account_too(sign_up: SignUp, site: Site, account: Account) -> None:
    ada = await sign_up("ada")
    (key,) = await site.keys.list(account.id)
    await site.keys.pause(account.id, key.id)
    assert_error(await ada.post("/site/v1/completions", json=COMPLETION), 403, "key_paused")
    await site.keys.resume(account.id, key.id)
    await site.accounts.disable("people")
    assert_error(await ada.post("/site/v1/completions", json=COMPLETION), 403, "account_disabled")
    assert await ada.user() is not None


async def test_two_accounts_see_nothing_of_each_other(sign_up: SignUp, site: Site) -> None:
    other = await site.accounts.create("other")
    ada, eve = await sign_up("ada"), await sign_up("eve", owner=other)
    await ada.post("/site/v1/completions", json=COMPLETION)
    assert (await ada.get("/site/v1/usage")).json()["account"]["used"] > 0
    seen = (await eve.get("/site/v1/usage")).json()
    assert (seen["account"]["name"], seen["account"]["used"], seen["by_model"]) == ("other", 0, [])
    assert (await eve.user())["account"] == "other"


async def test_what_is_not_there_is_said_in_the_shape_of_every_error(sign_up: SignUp) -> None:
    ada = await sign_up("ada")
    assert_error(await ada.get("/site/nothing"), 404, "not_found")
    assert_error(await ada.put("/site/session"), 405, "method_not_allowed")
    assert_error(await ada.get("/site"), 404, "not_found")


async def test_the_document_of_the_api_names_no_route_of_the_site(browser: Browser) -> None:
    assert not [path for path in (await browser.get("/openapi.json")).json()["paths"] if "site" in path or path == "/"]
