"""`/site/usage`: what the visitor's account used in a month, by model, day and key; and the same as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from budgets.usage import Report, Usage
from router.faults import validated
from router.fields import Month
from router.query import query_of
from router.wire import STRICT
from workbench.routes.keys import told
from workbench.services import AppSite, Site
from workbench.visitors import SignedIn

router = APIRouter()

COUNTS = ("requests", "prompt_tokens", "completion_tokens", "errors")
#: What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class MonthWanted(BaseModel):
    model_config = STRICT

    month: Month | None = Field(default=None, description="a month as 2026-11; by default the running one")
    key: str | None = Field(default=None, max_length=64, description="a key's id; by default all")


@router.get("/usage")
async def show(request: Request, site: AppSite, visitor: SignedIn) -> dict[str, Any]:
    wanted, account = validated(MonthWanted, query_of(request)), visitor.user.account_id
    with told():
        if wanted.key is not None:
            return (await Usage(site.redis).of_key(account, wanted.key, wanted.month)).document()
        report = await Usage(site.redis).of_account(account, wanted.month)
        return {**report.document(), "by_key": await by_key(site, account, report)}


@router.get("/usage.csv")
async def table(request: Request, site: AppSite, visitor: SignedIn) -> Response:
    wanted, account = validated(MonthWanted, query_of(request)), visitor.user.account_id
    with told():
        report = await Usage(site.redis).of_account(account, wanted.month)
        keys = [(key.name, await Usage(site.redis).of_key(account, key.id, wanted.month)) for key in report.keys if key.balance.used]
    headers = {"content-disposition": f'attachment; filename="usage-{report.month}.csv"'}
    return Response(lines(keys), media_type="text/csv; charset=utf-8", headers=headers)


async def by_key(site: Site, account: str, report: Report) -> list[dict[str, Any]]:
    """The counts of each key that used anything, those that used most first."""
    used = sorted((key for key in report.keys if key.balance.used), key=lambda key: -key.balance.used)
    rows = []
    for key in used:
        counts = (await Usage(site.redis).of_key(account, key.id, report.month)).by_model
        rows.append({"id": key.id, "name": key.name, **{what: sum(row.counts[what] for row in counts) for what in COUNTS}})
    return rows


def lines(keys: list[tuple[str, Report]]) -> str:
    """One line for each day, key and model."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["day", "key", "model", *COUNTS])
    rows = [(row.day, name, row.model, row.counts) for name, report in keys for row in report.by_day]
    for day, name, model, counts in sorted(rows, key=lambda row: row[:3]):
        writer.writerow([day, guarded(name), guarded(model), *(counts[what] for what in COUNTS)])
    return text.getvalue()


def guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
