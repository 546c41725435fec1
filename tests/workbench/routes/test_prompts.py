"""Saved prompts over HTTP: strict bodies, versions, sharing by link, quotas that say what to do."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.router.errors import assert_error
from tests.workbench.browser import Browser
from tests.workbench.conftest import SignUp
from workbench import prompts
from workbench.prompt_content import MOST_BYTES

CONTENT = json.dumps({"format": "basemodel-workbench", "text": 'one "two"\n\u2028 🦆'})


@pytest.fixture
async def ada(sign_up: SignUp) -> Browser:
    return await sign_up("ada")


@pytest.fixture
async def eve(sign_up: SignUp) -> Browser:
    return await sign_up("eve")


async def post(browser: Browser, **fields: Any) -> httpx.Response:
    return await browser.post("/site/prompts", json={"name": "a poem", "tags": ["verse"], "content": CONTENT, **fields})


async def put(browser: Browser, prompt_id: str, **fields: Any) -> httpx.Response:
    body = {"name": "a poem", "tags": ["verse"], "content": CONTENT, "parent": 1, **fields}
    return await browser.put(f"/site/prompts/{prompt_id}", json=body)


async def saved(browser: Browser, **fields: Any) -> Any:
    answer = await post(browser, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_what_is_saved_comes_back_as_it_was(ada: Browser) -> None:
    record = await saved(ada)
    assert (record["name"], record["tags"], record["version"], record["shared"]) == ("a poem", ["verse"], 1, False)
    found = (await ada.get(f"/site/prompts/{record['id']}")).json()
    assert found == {**record, "mine": True, "owner": "ada", "content": CONTENT}
    assert found["changed"].endswith("Z")


async def test_a_new_version_has_a_parent_and_the_old_one_stays(ada: Browser) -> None:
    record = await saved(ada)
    second = (await put(ada, record["id"], content='{"text":"two"}', name="better", tags=[])).json()
    assert (second["version"], second["name"], second["tags"]) == (2, "better", [])
    listed = (await ada.get(f"/site/prompts/{record['id']}/versions")).json()["versions"]
    assert [one["version"] for one in listed] == [2, 1]
    assert sum(one["bytes"] for one in listed) == second["bytes"]
    first = (await ada.get(f"/site/prompts/{record['id']}?version=1")).json()
    assert (first["content"], first["version"], first["latest"]) == (CONTENT, 1, 2)
    assert_error(await ada.get(f"/site/prompts/{record['id']}?version=3"), 404, "not_found")


async def test_a_version_that_came_between_is_a_conflict(ada: Browser) -> None:
    record = await saved(ada)
    assert (await put(ada, record["id"])).status_code == 200
    assert_error(await put(ada, record["id"]), 409, "conflict", "parent", "Version 2")
    assert_error(await put(ada, record["id"], parent=3), 409, "conflict", "parent")


async def test_the_list_is_searched_and_paged(ada: Browser) -> None:
    for each in range(prompts.PAGE + 2):
        await saved(ada, name=f"poem {each}", tags=["verse", "odd" if each % 2 else "even"])
    first = (await ada.get("/site/prompts")).json()
    second = (await ada.get("/site/prompts", params={"cursor": first["next"]})).json()
    assert (len(first["prompts"]), len(second["prompts"]), second["next"]) == (prompts.PAGE, 2, None)
    assert len({one["id"] for one in first["prompts"] + second["prompts"]}) == prompts.PAGE + 2
    assert "content" not in first["prompts"][0]
    assert first["used"]["prompts"] == prompts.PAGE + 2
    assert 0 < first["used"]["bytes"] < first["used"]["most_bytes"]
    found = (await ada.get("/site/prompts", params={"search": "POEM 1", "tag": "odd"})).json()["prompts"]
    assert {one["name"] for one in found} == {f"poem {each}" for each in (1, 11, 13, 15, 17, 19)}


async def test_who_has_the_link_of_a_shared_prompt_reads_it(ada: Browser, eve: Browser, browser: Browser) -> None:
    record = await saved(ada)
    path = f"/site/prompts/{record['id']}"
    assert_error(await eve.get(path), 404, "not_found")
    shared = await ada.post(f"{path}/share", json={"shared": True})
    assert shared.json()["shared"] is True
    found = (await eve.get(path)).json()
    assert (found["mine"], found["owner"], found["content"]) == (False, "ada", CONTENT)
    assert len((await eve.get(f"{path}/versions")).json()["versions"]) == 1
    assert_error(await browser.get(path), 401, "not_signed_in")
    assert (await eve.get("/site/prompts")).json()["prompts"] == []
    await ada.post(f"{path}/share", json={"shared": False})
    assert_error(await eve.get(path), 404, "not_found")


async def test_nobody_writes_what_is_somebody_elses(ada: Browser, eve: Browser) -> None:
    record = await saved(ada)
    path = f"/site/prompts/{record['id']}"
    for shared in (True, False):
        await ada.post(f"{path}/share", json={"shared": shared})
        assert_error(await put(eve, record["id"]), 404, "not_found")
        assert_error(await eve.post(f"{path}/share", json={"shared": True}), 404, "not_found")
        assert_error(await eve.delete(path), 404, "not_found")
    assert (await ada.get(path)).json()["latest"] == 1


async def test_a_copy_of_a_shared_prompt_is_the_readers_own(ada: Browser, eve: Browser) -> None:
    record = await saved(ada)
    await ada.post(f"/site/prompts/{record['id']}/share", json={"shared": True})
    found = (await eve.get(f"/site/prompts/{record['id']}")).json()
    copy = await saved(eve, name=found["name"], content=found["content"])
    assert copy["id"] != record["id"]
    await ada.delete(f"/site/prompts/{record['id']}")
    assert (await eve.get(f"/site/prompts/{copy['id']}")).json()["content"] == CONTENT


async def test_what_is_deleted_is_gone_with_its_versions(ada: Browser) -> None:
    record = await saved(ada)
    await put(ada, record["id"])
    path = f"/site/prompts/{record['id']}"
    assert (await ada.delete(path)).status_code == 204
    for answer in (await ada.get(path), await ada.get(f"{path}/versions"), await ada.delete(path), await put(ada, record["id"])):
        assert_error(answer, 404, "not_found")
    assert (await ada.get("/site/prompts")).json()["used"]["bytes"] == 0


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"name": ""}, "name"),
        ({"name": " poem"}, "name"),
        ({"name": "a\0poem"}, "name"),
        ({"name": "a\npoem"}, "name"),
        ({"name": "p" * (prompts.LONGEST_NAME + 1)}, "name"),
        ({"name": 5}, "name"),
        ({"tags": "verse"}, "tags"),
        ({"tags": ["verse", "VERSE"]}, "tags"),
        ({"tags": ["a,b"]}, "tags"),
        ({"tags": ["a\0b"]}, "tags"),
        ({"tags": [""]}, "tags"),
        ({"tags": ["t" * (prompts.LONGEST_TAG + 1)]}, "tags"),
        ({"tags": [str(each) for each in range(prompts.MOST_TAGS + 1)]}, "tags"),
        ({"content": {"text": "an object"}}, "content"),
        ({"content": "no object"}, "content"),
        ({"content": '{"text":"\0"}'}, "content"),
        ({"content": ""}, "content"),
    ],
    ids=str,
)
async def test_a_body_is_refused_at_its_field(ada: Browser, fields: dict[str, Any], param: str) -> None:
    record = await saved(ada)
    assert_error(await post(ada, **fields), 400, "invalid_value", param)
    assert_error(await put(ada, record["id"], **fields), 400, "invalid_value", param)


async def test_bodies_and_queries_are_strict(ada: Browser) -> None:
    record = await saved(ada)
    path = f"/site/prompts/{record['id']}"
    assert_error(await post(ada, shared=True), 400, "unknown_parameter", "shared")
    assert_error(await ada.post("/site/prompts", json={"name": "a poem"}), 400, "missing_parameter", "content")
    for parent in (0, "1", True, 1 << 31):
        assert_error(await put(ada, record["id"], parent=parent), 400, "invalid_value", "parent")
    for body in ({"shared": 1}, {"shared": "true"}):
        assert_error(await ada.post(f"{path}/share", json=body), 400, "invalid_value", "shared")
    for query in ("version=0", "version=1&version=2", "version=x", "version=9999999999"):
        assert_error(await ada.get(f"{path}?{query}"), 400, "invalid_value", "version")
    for query, param in (("cursor=x", "cursor"), ("search=%00", "search"), ("tag=%00", "tag"), (f"search={'s' * 200}", "search")):
        assert_error(await ada.get(f"/site/prompts?{query}"), 400, "invalid_value", param)
    assert_error(await ada.get("/site/prompts?page=2"), 400, "unknown_parameter", "page")
    assert_error(await ada.get("/site/prompts/%00"), 404, "not_found")


async def test_the_largest_content_is_four_mebibytes(ada: Browser) -> None:
    largest = '{"text":"' + "ü" * (MOST_BYTES // 2 - 6) + '."}'
    assert len(largest.encode()) == MOST_BYTES
    record = await saved(ada, content=largest)
    assert (await ada.get(f"/site/prompts/{record['id']}")).json()["content"] == largest
    assert_error(await post(ada, content=largest[:-2] + '."}'), 400, "invalid_value", "content", "prune branches")
    assert_error(await post(ada, content="{" * (8 << 20)), 413, "payload_too_large")


async def test_a_full_quota_says_what_to_do(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    await saved(ada)
    monkeypatch.setattr(prompts, "MOST_PROMPTS", 1)
    assert_error(await post(ada), 403, "quota_exceeded", says="Delete one")
    monkeypatch.setattr(prompts, "MOST_PROMPTS", 10)
    monkeypatch.setattr(prompts, "MOST_BYTES", 100)
    assert_error(await post(ada), 403, "quota_exceeded", says="export this one as a file")


async def test_a_save_too_many_waits(ada: Browser) -> None:
    for _ in range(prompts.MOST_SAVES):
        assert (await ada.post("/site/prompts", json={})).status_code == 400
    refused = await post(ada)
    assert_error(refused, 429, "too_many_saves")
    assert int(refused.headers["retry-after"]) >= 1
