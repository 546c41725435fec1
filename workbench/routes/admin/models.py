"""`/site/admin/models`: how each stands and why one does not start; its boots; started and stopped."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from router.boots import Boot, Boots
from router.catalogue import ModelSpec
from router.cold import wake
from router.lifecycle import State
from router.routes.models import card
from router.services import AppParts, Parts
from router.wishes import OPERATOR, Wishes
from workbench.errors import Conflict
from workbench.routes.keys import told
from workbench.services import AppSite, Site
from workbench.visitors import Admin

router = APIRouter()


@router.get("/admin/models")
async def list_models(site: AppSite, parts: AppParts, admin: Admin) -> dict[str, Any]:
    with told():
        reasons = await Boots(site.redis).troubles()
    return {"models": [await document(parts, spec, reasons) for spec in parts.fleet.catalogue.models]}


@router.post("/admin/models/{id}/warm", status_code=202)
async def warm(id: str, site: AppSite, parts: AppParts, admin: Admin) -> dict[str, Any]:
    """Begins to boot it; one that is ready is left as it is."""
    spec = parts.shelf.spec(id)
    if parts.fleet.standing(spec).state != State.READY:
        await wake(parts.fleet, spec, OPERATOR)
        await site.audit.tell(admin.who, "model.warmed", spec.id)
    return await shown(site, parts, spec)


@router.post("/admin/models/{id}/stop", status_code=202)
async def stop(id: str, site: AppSite, parts: AppParts, admin: Admin) -> dict[str, Any]:
    """What runs is finished, and the next request starts it again; so does a warm window that is open."""
    spec = parts.shelf.spec(id)
    if spec.warm:
        raise Conflict(f"'{spec.id}' is always warm by its entry in serve_config.yaml; only who changes that can stop it.")
    with told():
        await Wishes(site.redis).stop(spec.id)
    await site.audit.tell(admin.who, "model.stopped", spec.id)
    return await shown(site, parts, spec)


@router.get("/admin/models/{id}/boots")
async def boots(id: str, site: AppSite, parts: AppParts, admin: Admin) -> dict[str, Any]:
    """The latest first; times are Unix seconds, `idle` seconds ready without work."""
    spec = parts.shelf.spec(id)
    with told():
        return {"boots": [boot_document(boot) for boot in await Boots(site.redis).past(spec.id)]}


async def shown(site: Site, parts: Parts, spec: ModelSpec) -> dict[str, Any]:
    with told():
        return await document(parts, spec, await Boots(site.redis).troubles())


async def document(parts: Parts, spec: ModelSpec, reasons: dict[str, str]) -> dict[str, Any]:
    """What everybody sees, and why it does not start."""
    return {**await card(parts, spec), "reason": reasons.get(spec.id) or parts.shelf.problem(spec) or None}


def boot_document(boot: Boot) -> dict[str, Any]:
    fields = ("id", "waker", "asked", "phases", "ready", "ended", "reason", "idle", "how")
    return {name: getattr(boot, name) for name in fields}
