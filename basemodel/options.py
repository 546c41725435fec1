"""What commands are told about accounts and keys, read strictly: a wrong value is a usage error, exit code 2."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import typer

from budgets import names
from budgets.errors import BadName
from budgets.requests import MAX_TOKENS
from budgets.usage import check_month

DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)", re.ASCII)
TOKENS = re.compile(r"\d{1,16}", re.ASCII)
LAST_YEAR = 9998

EXPIRES_HELP = "YYYY-MM-DD, the last day on which it opens anything (UTC), a moment as 2026-12-31T18:00Z, or `never`."
MODELS_HELP = "The models it may use, separated by commas; `all` for all."
TOKENS_HELP = "Tokens a month that it may use; `unbounded` for as many as its account may."
CONCURRENCY_HELP = "How many of its requests run at once; the others wait."


def name(given: str | None) -> str | None:
    try:
        return None if given is None else names.check(given)
    except BadName as error:
        raise typer.BadParameter(str(error)) from error


def expires(given: str) -> int | None:
    """Unix seconds; None for `never`."""
    if given == "never":
        return None
    try:
        until = _moment(given)
    except ValueError as error:
        rule = "it is YYYY-MM-DD, a moment with its zone as 2026-12-31T18:00Z, or never"
        raise typer.BadParameter(rule, param_hint="--expires") from error
    if until <= time.time():
        raise typer.BadParameter("it must lie in the future", param_hint="--expires")
    return until


def _moment(given: str) -> int:
    """Raises ValueError."""
    if DATE.fullmatch(given):
        moment = datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC)
        moment += timedelta(days=1 if moment.year <= LAST_YEAR else 0)
    elif MOMENT.fullmatch(given):
        moment = datetime.fromisoformat(given)
    else:
        raise ValueError(given)
    if moment.year > LAST_YEAR:
        raise ValueError(given)
    return int(moment.timestamp())


def models(given: str) -> tuple[str, ...] | None:
    """None for `all`."""
    if given == "all":
        return None
    try:
        return names.check_models(tuple(one.strip() for one in given.split(",")))
    except BadName as error:
        raise typer.BadParameter(str(error), param_hint="--models") from error


def tokens(given: str) -> int | None:
    """None for `unbounded`."""
    if given == "unbounded":
        return None
    if not TOKENS.fullmatch(given) or int(given) > MAX_TOKENS:
        raise typer.BadParameter(f"it is a whole number from 0 to {MAX_TOKENS}, or unbounded", param_hint="--monthly-tokens")
    return int(given)


def month(given: str | None) -> str | None:
    try:
        return None if given is None else check_month(given)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
