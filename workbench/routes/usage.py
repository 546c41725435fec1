"""`/site/usage`: what the visitor's account used in a month, by model, day and key; and the same as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
import re
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
from workbench.services import AppSite
from workbench.visitors import SignedIn

router = APIRouter()

COUNTS = ("requests", "prompt_tokens", "completion_tokens", "errors")
#: What a spreadsheet would take for a formula, after spaces too, which some leave out.
FORMULA = re.compile(r"\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|[\t\r\n]")


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
        return {**report.document(), "by_key": by_key(report)}


@router.get("/usage.csv")
async def table(request: Request, site: AppSite, visitor: SignedIn) -> Response:
    wanted, account = validated(MonthWanted, query_of(request)), visitor.user.account_id
    with told():
        report = await Usage(site.redis).of_account(account, wanted.month)
    headers = {"content-disposition": f'attachment; filename="usage-{report.month}.csv"'}
    return Response(lines(report), media_type="text/csv; charset=utf-8", headers=headers)


def by_key(report: Report) -> list[dict[str, Any]]:
    """The counts of each key that was used, were it in vain; those that used most first."""
    names = {key.id: key.name for key in report.keys}
    sums = {key: {what: sum(row.counts[what] for row in rows) for what in COUNTS} for key, rows in report.by_key.items()}
    rows = [{"id": key, "name": names.get(key, key), **counts} for key, counts in sums.items()]
    return sorted(rows, key=lambda row: (-row["prompt_tokens"] - row["completion_tokens"], row["name"]))


def lines(report: Report) -> str:
    """One line for each day, key and model."""
    text, names = io.StringIO(), {key.id: key.name for key in report.keys}
    writer = csv.writer(text)
    writer.writerow(["day", "key", "model", *COUNTS])
    rows = [(row.day, names.get(key, key), row.model, row.counts) for key, rows in report.by_key.items() for row in rows]
    for day, name, model, counts in sorted(rows, key=lambda row: row[:3]):
        writer.writerow([day, guarded(name), guarded(model), *(counts[what] for what in COUNTS)])
    return text.getvalue()


def guarded(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell
