"""What people send of keys, declared as strictly as the API's own bodies."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from budgets import names
from budgets.caps import DEFAULT_CONCURRENCY, MOST_AT_ONCE
from budgets.errors import BadName
from budgets.requests import MAX_TOKENS
from router.errors import Fault, InvalidRequest
from router.wire import STRICT
from workbench.bodies import NAME_RULE

TOKENS_RULE = f"an integer from 0 to {MAX_TOKENS}; by default no cap but the account's"
PLACES_RULE = f"an integer from 1 to {MOST_AT_ONCE}; by default {DEFAULT_CONCURRENCY}"
DAY_RULE = "a day as 2026-12-31, the last on which the key opens anything (UTC); by default never"
MODELS_RULE = "a list of 1 to 100 ids of models; by default all"
LAST_YEAR = 9998

Tokens = Annotated[int | None, Field(ge=0, le=MAX_TOKENS, description=TOKENS_RULE)]
Places = Annotated[int | None, Field(ge=1, le=MOST_AT_ONCE, description=PLACES_RULE)]
Name = Annotated[str, Field(min_length=1, max_length=names.LONGEST, description=NAME_RULE)]
Day = Annotated[str | None, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description=DAY_RULE)]
Models = Annotated[list[str] | None, Field(min_length=1, max_length=100, description=MODELS_RULE)]


class KeyLimits(BaseModel):
    """All that can be changed of the key of a user's browser."""

    model_config = STRICT
    NAMES: ClassVar[tuple[str, ...]] = ("monthly_tokens", "concurrency")

    monthly_tokens: Tokens = None
    concurrency: Places = None

    def of(self, name: str) -> Any:
        """The value as `budgets.keys` takes it. Raises InvalidRequest."""
        value = getattr(self, name)
        match name:
            case "concurrency":
                return DEFAULT_CONCURRENCY if value is None else value
            case "expires":
                return expiry(value)
            case "models":
                return models_of(value)
        return value


class NewKey(KeyLimits):
    NAMES: ClassVar[tuple[str, ...]] = ("name", "monthly_tokens", "concurrency", "expires", "models")

    name: Name
    expires: Day = None
    models: Models = None


class KeyChange(NewKey):
    name: Name = ""

    def of(self, name: str) -> Any:
        if name == "name" and not self.name:
            raise InvalidRequest(Fault("name", "invalid_value", f"'name' must be {NAME_RULE}."))
        return super().of(name)


def expiry(day: str | None) -> int | None:
    """The end of that day in Unix seconds. Raises InvalidRequest."""
    if day is None:
        return None
    try:
        until = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
        end = int((until + timedelta(days=1)).timestamp()) if until.year <= LAST_YEAR else 0
    except ValueError:
        end = 0
    if end <= time.time():
        raise InvalidRequest(Fault("expires", "invalid_value", f"'expires' must be {DAY_RULE}, and not be over; {day!r} is not."))
    return end


def models_of(models: list[str] | None) -> tuple[str, ...] | None:
    """Raises InvalidRequest."""
    try:
        return None if models is None else names.check_models(tuple(models))
    except BadName as error:
        raise InvalidRequest(Fault("models", "invalid_value", str(error))) from None
