"""What admins send, declared as strictly as the API's own bodies."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from budgets import names
from budgets.requests import MAX_TOKENS
from router.wire import STRICT
from workbench.bodies import NAME_RULE

LONGEST_ID = 64
ROLE_RULE, STATE_RULE = "'user' or 'admin'", "'active' or 'disabled'"
BUDGET_RULE = f"an integer from 0 to {MAX_TOKENS}, tokens a month"

Role = Literal["user", "admin"]
Id = Annotated[str, Field(pattern=rf"^[!-~]{{1,{LONGEST_ID}}}$")]
Budget = Annotated[int, Field(ge=0, le=MAX_TOKENS, description=BUDGET_RULE)]


class NewAccount(BaseModel):
    model_config = STRICT

    name: str = Field(min_length=1, max_length=names.LONGEST, description=NAME_RULE)
    monthly_tokens: Budget | None = Field(default=None, description=f"{BUDGET_RULE}; by default a thousand million")


class AccountChange(BaseModel):
    model_config = STRICT

    monthly_tokens: Budget


class UserChange(BaseModel):
    """One of the two."""

    model_config = STRICT

    role: Role | None = Field(default=None, description=ROLE_RULE)
    state: Literal["active", "disabled"] | None = Field(default=None, description=STATE_RULE)


class NewInvite(BaseModel):
    model_config = STRICT

    account: Id = Field(description="the id of an account")
    role: Role = Field(description=ROLE_RULE)


class NewReset(BaseModel):
    model_config = STRICT

    user: Id = Field(description="the id of a user")


class Page(BaseModel):
    """A question for what is older than the last that was shown."""

    model_config = STRICT

    cursor: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$", description="what the page before gave as 'next'")
