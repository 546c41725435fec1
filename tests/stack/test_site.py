"""The site of the real service: the printed link lets the first admin in, and what the browser runs is charged to its own key."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from basemodel import first_invite
from tests.cluster import Stack

pytestmark = pytest.mark.stack

PASSWORD = "correct horse battery"
COMPLETION = {"model": "pico", "prompt": "In the beginning", "max_tokens": 8, "seed": 1, "logprobs": 2}


@pytest.fixture(scope="module")
def admin(stack: Stack) -> Iterator[httpx.Client]:
    """A browser where the first admin is signed in."""
    link = urlsplit(first_invite.stored(stack.home))
    headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
    with httpx.Client(base_url=f"{link.scheme}://{link.netloc}", headers=headers, timeout=60) as browser:
        body = {"token": link.fragment, "name": "ada", "password": PASSWORD}
        browser.headers["x-csrf-token"] = browser.post("/site/invites/accept", json=body).raise_for_status().json()["csrf"]
        yield browser


def test_the_first_link_makes_an_admin_of_the_first_account(admin: httpx.Client) -> None:
    user = admin.get("/site/session").json()["user"]
    assert (user["name"], user["role"], user["account"]) == ("ada", "admin", "default")


def test_what_the_browser_runs_is_what_the_api_gives_and_is_charged_to_its_own_key(admin: httpx.Client, stack: Stack) -> None:
    before = admin.get("/site/v1/usage").json()["key"]
    answer = admin.post("/site/v1/completions", json=COMPLETION).raise_for_status().json()
    with_key = httpx.post(f"{stack.base_url}/completions", json=COMPLETION, headers={"x-api-key": stack.key}, timeout=60).json()
    assert answer["choices"] == with_key["choices"]
    after = admin.get("/site/v1/usage").json()["key"]
    assert after["name"] == "workbench"
    assert after["used"] - before["used"] == answer["usage"]["total_tokens"]


def test_a_stream_of_the_site_is_that_of_the_api(admin: httpx.Client) -> None:
    with admin.stream("POST", "/site/v1/completions", json={**COMPLETION, "stream": True}) as stream:
        lines = [line for line in stream.iter_lines() if line]
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "data: [DONE]"


def test_the_pages_and_their_files_are_served(admin: httpx.Client) -> None:
    for path in ("/workbench", "/dashboard", "/static/app/api.js"):
        answer = admin.get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_neither_door_opens_to_the_others_key(admin: httpx.Client, stack: Stack) -> None:
    assert admin.get("/v1/models").json()["error"]["code"] == "invalid_api_key"
    answer = httpx.get(f"{admin.base_url}/site/v1/models", headers={"x-api-key": stack.key}, timeout=60)
    assert answer.json()["error"]["code"] == "not_signed_in"
