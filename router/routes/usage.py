"""`GET /v1/usage`: what a key and its account used, hold and have left in a month."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from budgets.errors import BudgetError
from budgets.usage import Usage
from router.errors import from_budgets
from router.faults import validated
from router.query import parameters, query_of
from router.responses import ErrorBody, UsageReport
from router.services import AppParts, PathModel
from router.wire import UsageRequest

router = APIRouter()

ANSWERS: dict[int | str, dict[str, Any]] = {200: {"model": UsageReport}, "4XX": {"model": ErrorBody}, "5XX": {"model": ErrorBody}}


@router.get("/m/{model}/v1/usage", include_in_schema=False)
@router.get("/v1/usage", responses=ANSWERS, openapi_extra=parameters(UsageRequest))
async def show_usage(request: Request, parts: AppParts, model: PathModel) -> dict[str, Any]:
    """The month's counts of the key's requests, by model and by day, and the balances of key and account."""
    key = await parts.key(request)
    wanted = validated(UsageRequest, query_of(request))
    if model is not None:
        parts.usable(key, model)
    try:
        report = await Usage(parts.services.redis).of_key(key.account_id, key.id, wanted.month)
    except BudgetError as error:
        raise from_budgets(error) from error
    return report.document()
