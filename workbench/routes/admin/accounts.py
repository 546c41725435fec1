"""`/site/admin/accounts`: what each may use and has used; made, given a budget, disabled and enabled."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from budgets.accounts import Account
from budgets.caps import DEFAULT_MONTHLY_TOKENS, Caps
from budgets.errors import AccountExists
from budgets.usage import Usage
from router.body import read_json
from router.faults import validated
from workbench.admin_bodies import AccountChange, NewAccount
from workbench.errors import AccountUnknown, Conflict
from workbench.routes.keys import told
from workbench.services import AppSite, Site
from workbench.visitors import Admin, Visitor

router = APIRouter()

ACTIVE, DISABLED = "active", "disabled"


@router.get("/admin/accounts")
async def list_accounts(site: AppSite, admin: Admin) -> dict[str, Any]:
    with told():
        return {"accounts": [await document(site, account) for account in await site.accounts.list()]}


@router.post("/admin/accounts", status_code=201)
async def make(request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    wanted = validated(NewAccount, await read_json(request))
    tokens = DEFAULT_MONTHLY_TOKENS if wanted.monthly_tokens is None else wanted.monthly_tokens
    with told():
        try:
            account = await site.accounts.create(wanted.name, tokens)
        except AccountExists:
            raise Conflict("An account of this name exists already; choose another.", "name") from None
        await site.audit.tell(admin.who, "account.made", account.name, after={"monthly_tokens": tokens})
        return await document(site, account)


@router.patch("/admin/accounts/{id}")
async def set_budget(id: str, request: Request, site: AppSite, admin: Admin) -> dict[str, Any]:
    with told():
        account = await named(site, id)
        wanted = validated(AccountChange, await read_json(request)).monthly_tokens
        before = (await Caps(site.redis).of(account.id)).monthly_tokens
        await site.accounts.set_budget(account.name, wanted)
        if wanted != before:
            change = {"monthly_tokens": before}, {"monthly_tokens": wanted}
            await site.audit.tell(admin.who, "account.budget_set", account.name, *change)
        return await document(site, account)


@router.post("/admin/accounts/{id}/disable")
async def disable(id: str, site: AppSite, admin: Admin) -> dict[str, Any]:
    """Its keys open nothing; its people can sign in, and run nothing."""
    return await turn(site, admin, id, DISABLED)


@router.post("/admin/accounts/{id}/enable")
async def enable(id: str, site: AppSite, admin: Admin) -> dict[str, Any]:
    return await turn(site, admin, id, ACTIVE)


async def turn(site: Site, admin: Visitor, account_id: str, state: str) -> dict[str, Any]:
    with told():
        account = await named(site, account_id)
        await (site.accounts.enable if state == ACTIVE else site.accounts.disable)(account.name)
        if account.state != state:
            what = "account.enabled" if state == ACTIVE else "account.disabled"
            await site.audit.tell(admin.who, what, account.name, {"state": account.state}, {"state": state})
        return await document(site, await site.accounts.named(account.name))


async def named(site: Site, account_id: str) -> Account:
    """Raises AccountUnknown."""
    found = next((account for account in await site.accounts.list() if account.id == account_id), None)
    if found is None:
        raise AccountUnknown
    return found


async def document(site: Site, account: Account) -> dict[str, Any]:
    balance = (await Usage(site.redis).of_account(account.id)).account.balance
    spent = {"used": balance.used, "held": balance.held, "remaining": balance.remaining}
    return {"id": account.id, "name": account.name, "state": account.state, "monthly_tokens": balance.cap, **spent}
