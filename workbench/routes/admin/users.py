"""`/site/admin/users`: who signs in here, in which role; disabled and enabled."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from router.body import read_json
from router.errors import Fault, InvalidRequest
from router.faults import validated
from workbench import standing
from workbench.admin_bodies import ROLE_RULE, STATE_RULE, UserChange
from workbench.moments import instant
from workbench.routes.keys import told
from workbench.services import AppSite
from workbench.users import DISABLED, User
from workbench.visitors import Admin

router = APIRouter()


@router.get("/admin/users")
async def list_users(site: AppSite, admin: Admin) -> dict[str, Any]:
    return {"users": [document(user) for user in await site.users.list()]}


@router.patch("/admin/users/{id}")
async def change(id: str, request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    wanted, user = one_change(validated(UserChange, await read_json(request))), await site.users.get(id)
    with told():
        if wanted.role is not None:
            return document(await site.users.set_role(user.id, wanted.role, admin.who))
        turn = standing.disable if wanted.state == DISABLED else standing.enable
        return document(await turn(site, user, admin.who))


def one_change(wanted: UserChange) -> UserChange:
    """Raises InvalidRequest."""
    if (wanted.role is None) == (wanted.state is None):
        sentence = f"Send either 'role', {ROLE_RULE}, or 'state', {STATE_RULE}."
        raise InvalidRequest(Fault("role", "missing_parameter" if wanted.role is None else "invalid_value", sentence))
    return wanted


def document(user: User) -> dict[str, Any]:
    shown = {"id": user.id, "name": user.name, "account": user.account, "role": user.role, "state": user.state}
    return {**shown, "created": instant(user.created)}
