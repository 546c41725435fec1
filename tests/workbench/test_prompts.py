"""What is kept of saved prompts, in both kinds of database, also by several at once."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, func, select

from workbench import prompts
from workbench.errors import Conflict, PromptQuota, PromptUnknown, TooManySaves
from workbench.prompts import Draft, Prompt, PromptVersion
from workbench.services import Site
from workbench.users import User, new_user


@pytest.fixture
async def ada(site: Site) -> User:
    return await person(site, "ada")


@pytest.fixture
async def eve(site: Site) -> User:
    return await person(site, "eve")


async def person(site: Site, name: str) -> User:
    async with site.database.writing() as session:
        user = new_user(name, "1" * 16, "people", "user", "no hash")
        session.add(user)
        return user


def draft(name: str = "a poem", *tags: str, content: bytes = b"{}") -> Draft:
    return Draft(name, tags, content)


async def names(site: Site, owner: User, search: str = "", tag: str = "") -> list[str]:
    return sorted(prompt.name for prompt in await site.prompts.list(owner.id, search, tag))


async def test_each_save_is_the_next_version_and_the_others_stay(site: Site, ada: User) -> None:
    first = await site.prompts.save(ada.id, draft(content=b"{1}"))
    second = await site.prompts.save_version(ada.id, first.id, draft("a better poem", "verse", content=b"{22}"), parent=1)
    assert (second.id, second.latest, second.name, second.tags, second.stored) == (first.id, 2, "a better poem", "verse", 7)
    for number, content in ((None, b"{22}"), (2, b"{22}"), (1, b"{1}")):
        _, version, owner = await site.prompts.read(ada.id, first.id, number)
        assert (version.content, owner) == (content, "ada")
    assert [one.number for one in await site.prompts.versions(ada.id, first.id)] == [2, 1]


async def test_of_those_who_save_the_same_next_version_one_does(site: Site, ada: User) -> None:
    prompt = await site.prompts.save(ada.id, draft())
    tries = (site.prompts.save_version(ada.id, prompt.id, draft(f"poem {each}"), parent=1) for each in range(8))
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, Prompt) for one in ended) == 1
    assert sum(isinstance(one, Conflict) for one in ended) == 7
    assert len(await site.prompts.versions(ada.id, prompt.id)) == 2


async def test_many_at_once_stay_within_the_number_of_prompts(site: Site, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "MOST_PROMPTS", 3)
    ended = await asyncio.gather(*(site.prompts.save(ada.id, draft(f"poem {each}")) for each in range(8)), return_exceptions=True)
    assert sum(isinstance(one, PromptQuota) for one in ended) == 5
    assert (await site.prompts.used(ada.id))[0] == 3


async def test_many_at_once_stay_within_the_bytes(site: Site, ada: User, eve: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "MOST_BYTES", 100)
    prompt = await site.prompts.save(ada.id, draft(content=b"0" * 40))
    saves = [site.prompts.save(ada.id, draft(content=b"0" * 40)) for _ in range(4)]
    saves.append(site.prompts.save_version(ada.id, prompt.id, draft(content=b"0" * 40), parent=1))
    ended = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(isinstance(one, PromptQuota) for one in ended) == 4
    assert await site.prompts.used(ada.id) == (len(await site.prompts.list(ada.id)), 80)
    await site.prompts.save(eve.id, draft(content=b"0" * 100))


async def test_the_oldest_versions_go_and_make_room(site: Site, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "MOST_VERSIONS", 3)
    monkeypatch.setattr(prompts, "MOST_BYTES", 30)
    prompt = await site.prompts.save(ada.id, draft(content=b"0" * 10))
    for parent in range(1, 6):
        prompt = await site.prompts.save_version(ada.id, prompt.id, draft(content=b"0" * 10), parent)
    assert [one.number for one in await site.prompts.versions(ada.id, prompt.id)] == [6, 5, 4]
    assert prompt.stored == 30
    with pytest.raises(PromptUnknown):
        await site.prompts.read(ada.id, prompt.id, 3)


async def test_what_did_not_fit_dropped_no_version(site: Site, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "MOST_VERSIONS", 1)
    monkeypatch.setattr(prompts, "MOST_BYTES", 30)
    prompt = await site.prompts.save(ada.id, draft(content=b"0" * 10))
    with pytest.raises(PromptQuota):
        await site.prompts.save_version(ada.id, prompt.id, draft(content=b"0" * 31), parent=1)
    found, version, _ = await site.prompts.read(ada.id, prompt.id)
    assert (found.latest, found.stored, version.content) == (1, 10, b"0" * 10)


async def test_what_is_not_shared_is_there_for_nobody_else(site: Site, ada: User, eve: User) -> None:
    prompt = await site.prompts.save(ada.id, draft())
    for refused in (
        site.prompts.read(eve.id, prompt.id),
        site.prompts.versions(eve.id, prompt.id),
        site.prompts.save_version(eve.id, prompt.id, draft(), parent=1),
        site.prompts.share(eve.id, prompt.id, True),
        site.prompts.delete(eve.id, prompt.id),
    ):
        with pytest.raises(PromptUnknown):
            await refused
    assert await names(site, eve) == []


async def test_what_is_shared_is_read_by_others_and_changed_by_none_of_them(site: Site, ada: User, eve: User) -> None:
    prompt = await site.prompts.save(ada.id, draft())
    await site.prompts.share(ada.id, prompt.id, True)
    assert (await site.prompts.read(eve.id, prompt.id))[2] == "ada"
    assert len(await site.prompts.versions(eve.id, prompt.id)) == 1
    assert await names(site, eve) == []
    with pytest.raises(PromptUnknown):
        await site.prompts.save_version(eve.id, prompt.id, draft(), parent=1)
    with pytest.raises(PromptUnknown):
        await site.prompts.delete(eve.id, prompt.id)
    await site.prompts.share(ada.id, prompt.id, False)
    with pytest.raises(PromptUnknown):
        await site.prompts.read(eve.id, prompt.id)


@pytest.mark.parametrize("prompt_id", ["", "nothing", "0" * 32, "\0", "0" * 31 + "\0", "'; --", "ü" * 32])
async def test_an_id_that_names_nothing_is_unknown(site: Site, ada: User, prompt_id: str) -> None:
    with pytest.raises(PromptUnknown):
        await site.prompts.read(ada.id, prompt_id)
    with pytest.raises(PromptUnknown):
        await site.prompts.delete(ada.id, prompt_id)


async def test_names_and_tags_are_found_however_they_are_written(site: Site, ada: User) -> None:
    await site.prompts.save(ada.id, draft("Straße 100%", "Verse"))
    await site.prompts.save(ada.id, draft("street_b", "verse", "prose"))
    await site.prompts.save(ada.id, draft("a reverse", "essay"))
    assert await names(site, ada, "STRASSE") == ["Straße 100%"]
    assert await names(site, ada, "pros") == ["street_b"]
    assert await names(site, ada, "%") == ["Straße 100%"]
    assert await names(site, ada, "_") == ["street_b"]
    assert await names(site, ada, tag="VERSE") == ["Straße 100%", "street_b"]
    assert await names(site, ada, "street", "verse") == ["street_b"]
    assert await names(site, ada, "nothing") == []


async def test_every_prompt_is_on_one_page(site: Site, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "PAGE", 3)
    saved = {(await site.prompts.save(ada.id, draft(f"poem {each}"))).id for each in range(7)}
    seen: list[str] = []
    after = None
    while found := (await site.prompts.list(ada.id, after=after))[:3]:
        seen += [prompt.id for prompt in found]
        after = (found[-1].changed, found[-1].id)
    assert len(seen) == 7
    assert set(seen) == saved


async def test_versions_go_with_their_prompt_and_prompts_with_their_owner(site: Site, ada: User) -> None:
    for _ in range(2):
        prompt = await site.prompts.save(ada.id, draft())
    await site.prompts.delete(ada.id, prompt.id)
    assert await count(site) == 1
    async with site.database.writing() as session:
        await session.execute(delete(User).where(User.id == ada.id))
    assert await count(site) == 0


async def test_who_saves_without_end_is_told_to_wait(site: Site, ada: User, eve: User) -> None:
    for _ in range(prompts.MOST_SAVES):
        site.prompts.pace(ada.id)
    with pytest.raises(TooManySaves) as told:
        site.prompts.pace(ada.id)
    assert int(told.value.headers["Retry-After"]) >= 1
    site.prompts.pace(eve.id)


async def count(site: Site) -> int:
    async with site.database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(PromptVersion)) or 0)
