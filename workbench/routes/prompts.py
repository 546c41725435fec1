"""`/site/prompts`: what the visitor saved of the Workbench, its versions, and what others share."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from router.body import read_json
from router.faults import validated
from router.query import query_of
from workbench.moments import instant
from workbench.prompt_bodies import NewPrompt, NewVersion, PromptsWanted, Sharing, VersionWanted, checked_labels
from workbench.prompt_content import packed, unpacked
from workbench.prompts import MOST_BYTES, MOST_PROMPTS, PAGE, Draft, Prompt
from workbench.services import AppSite
from workbench.visitors import SignedIn

router = APIRouter()


@router.get("/prompts")
async def show(request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    """The visitor's own."""
    wanted, owner = validated(PromptsWanted, query_of(request)), visitor.user.id
    found = await site.prompts.list(owner, wanted.search or "", wanted.tag or "", wanted.after)
    page = found[:PAGE]
    count, stored = await site.prompts.used(owner)
    return {
        "prompts": [record(prompt) for prompt in page],
        "next": f"{page[-1].changed}-{page[-1].id}" if len(found) > PAGE else None,
        "used": {"prompts": count, "most_prompts": MOST_PROMPTS, "bytes": stored, "most_bytes": MOST_BYTES},
    }


@router.post("/prompts", status_code=201)
async def save(request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    site.prompts.pace(visitor.user.id)
    wanted = validated(NewPrompt, await read_json(request))
    return record(await site.prompts.save(visitor.user.id, await draft(wanted)))


@router.get("/prompts/{id}")
async def read(id: str, request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    wanted = validated(VersionWanted, query_of(request))
    prompt, version, owner = await site.prompts.read(visitor.user.id, id, wanted.number)
    mine = prompt.owner == visitor.user.id
    return {**record(prompt), "version": version.number, "mine": mine, "owner": owner, "content": await unpacked(version.content)}


@router.put("/prompts/{id}")
async def save_version(id: str, request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    site.prompts.pace(visitor.user.id)
    wanted = validated(NewVersion, await read_json(request))
    return record(await site.prompts.save_version(visitor.user.id, id, await draft(wanted), wanted.parent))


@router.get("/prompts/{id}/versions")
async def versions(id: str, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    found = await site.prompts.versions(visitor.user.id, id)
    return {"versions": [{"version": one.number, "created": instant(one.created), "bytes": one.stored} for one in found]}


@router.post("/prompts/{id}/share")
async def share(id: str, request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    """From now on everybody who is signed in may read it, or nobody else any more."""
    wanted = validated(Sharing, await read_json(request))
    return record(await site.prompts.share(visitor.user.id, id, wanted.shared))


@router.delete("/prompts/{id}", status_code=204)
async def delete(id: str, site: AppSite, visitor: SignedIn) -> Response:
    await site.prompts.delete(visitor.user.id, id)
    return Response(status_code=204)


async def draft(wanted: NewPrompt) -> Draft:
    """Raises InvalidRequest."""
    checked_labels(wanted)
    return Draft(wanted.name, tuple(wanted.tags), await packed(wanted.content))


def record(prompt: Prompt) -> dict[str, Any]:
    """`bytes` are those of all versions, as they are stored."""
    return {
        "id": prompt.id,
        "name": prompt.name,
        "tags": prompt.tags.split("\n") if prompt.tags else [],
        "version": prompt.latest,
        "latest": prompt.latest,
        "shared": prompt.shared,
        "bytes": prompt.stored,
        "created": instant(prompt.created),
        "changed": instant(prompt.changed),
    }
