"""`/site/keys`: the keys of the visitor's account, made, changed, paused and revoked; each is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from budgets.errors import AccountFull, BadName, BudgetError, CapAboveAccount, CapOutOfBounds, KeyRevoked, UnknownKey
from budgets.keys import KEEP
from router.body import read_json
from router.errors import Fault, InvalidRequest, from_budgets
from router.faults import validated
from workbench.errors import Conflict, KeyUnknown, TooManyKeys
from workbench.key_bodies import KeyChange, KeyLimits, NewKey, expiry, models_of
from workbench.key_records import KeyRecords
from workbench.services import AppSite, Site
from workbench.users import User
from workbench.visitors import SignedIn, Visitor

router = APIRouter()

#: Of one account, revoked and expired ones and its users' own apart.
MOST_KEYS = 200


@router.get("/keys")
async def list_keys(site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    with told():
        return await KeyRecords(site).of_account(visitor.user.account_id)


@router.post("/keys", status_code=201)
async def make_key(request: Request, site: AppSite, visitor: SignedIn) -> JSONResponse:
    """At most MOST_KEYS, however many are made at once: the ledger counts, in the step in which it stores."""
    wanted, account = validated(NewKey, await read_json(request)), visitor.user.account_id
    site.new_keys.take(visitor.user.id)
    with told():
        own = await KeyRecords(site).workbench_keys(account)
        expires, models = expiry(wanted.expires), models_of(wanted.models)
        limits = (wanted.monthly_tokens, wanted.concurrency, MOST_KEYS + len(own))
        shown, key = await site.keys.create(account, wanted.name, expires, models, *limits)
        made = await record(site, visitor.user, key.id)
        await site.audit.tell(visitor.who, "key.made", title(made), after={name: made[name] for name in wanted.NAMES})
        return JSONResponse({"key": shown, **made}, 201)


@router.patch("/keys/{id}")
async def change_key(id: str, request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    """What the body names is changed; null is: no cap, never, all models, the usual number at once."""
    body = await read_json(request)
    with told():
        found = await record(site, visitor.user, id)
        wanted = validated(KeyLimits if found["workbench"] else KeyChange, body)
        changed = {name: wanted.of(name) if name in body else KEEP for name in wanted.NAMES}
        await site.keys.update(visitor.user.account_id, id, **changed)
        return await written(site, visitor, "key.changed", found, tuple(body))


@router.post("/keys/{id}/pause")
async def pause_key(id: str, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    with told():
        found = await record(site, visitor.user, id)
        await site.keys.pause(visitor.user.account_id, id)
        return await written(site, visitor, "key.paused", found, ("state",))


@router.post("/keys/{id}/resume")
async def resume_key(id: str, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    with told():
        found = await record(site, visitor.user, id)
        await site.keys.resume(visitor.user.account_id, id)
        return await written(site, visitor, "key.resumed", found, ("state",))


@router.post("/keys/{id}/revoke")
async def revoke_key(id: str, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    """For ever. The key of a user's browser can be paused only."""
    with told():
        found = await record(site, visitor.user, id)
        if found["workbench"]:
            raise Conflict("The workbench key cannot be revoked; pause it instead.")
        await site.keys.revoke(visitor.user.account_id, id)
        return await written(site, visitor, "key.revoked", found, ("state",))


async def written(site: Site, visitor: Visitor, what: str, before: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The record as it is now; what of these fields differs is in the audit log."""
    after = await record(site, visitor.user, before["id"])
    changed = [name for name in names if before[name] != after[name]]
    if changed:
        fields = ({name: one[name] for name in changed} for one in (before, after))
        await site.audit.tell(visitor.who, what, title(after), *fields)
    return after


def title(record: dict[str, Any]) -> str:
    return f"{record['name']} ({record['id']})"


async def record(site: Site, user: User, key_id: str) -> dict[str, Any]:
    """Raises KeyUnknown for a key of another account as for none."""
    records = await KeyRecords(site).of_account(user.account_id)
    found: dict[str, Any] | None = next((one for one in records["keys"] if one["id"] == key_id), None)
    if found is None:
        raise KeyUnknown
    return found


@contextmanager
def told() -> Iterator[None]:
    """What the ledger refuses, as the caller's error."""
    try:
        yield
    except UnknownKey:
        raise KeyUnknown from None
    except AccountFull:
        raise TooManyKeys(MOST_KEYS) from None
    except KeyRevoked:
        raise Conflict("This key is revoked; that is for ever.") from None
    except BadName as error:
        raise InvalidRequest(Fault("name", "invalid_value", str(error))) from None
    except CapAboveAccount as error:
        sentence = f"'monthly_tokens' may be at most the account's own cap, {error.account_cap:,} tokens."
        raise InvalidRequest(Fault("monthly_tokens", "invalid_value", sentence)) from None
    except CapOutOfBounds as error:
        param = "concurrency" if "at once" in str(error) else "monthly_tokens"
        raise InvalidRequest(Fault(param, "invalid_value", str(error))) from None
    except BudgetError as error:
        raise from_budgets(error) from error
