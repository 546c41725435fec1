"""What people send to be signed in: declared as strictly as the API's own bodies."""

from __future__ import annotations

import unicodedata

from pydantic import BaseModel, Field

from budgets import names
from budgets.errors import BadName
from router.errors import Fault, InvalidRequest
from router.wire import STRICT
from workbench.passwords import LONGEST, SHORTEST
from workbench.tokens import LONGEST as LONGEST_TOKEN

NAME_RULE = f"a string of 1 to {names.LONGEST} characters"
#: A password's own length is checked apart: these rules' messages repeat what was given, and a password is not to be repeated.
PASSWORD_RULE, LONGEST_SENT = "a string of at most 4096 characters", 4096
TOKEN_RULE = "a string, what stands after the # of the link"


class Credentials(BaseModel):
    model_config = STRICT

    name: str = Field(min_length=1, max_length=names.LONGEST, description=NAME_RULE)
    password: str = Field(max_length=LONGEST_SENT, description=PASSWORD_RULE)


class Token(BaseModel):
    model_config = STRICT

    token: str = Field(max_length=LONGEST_TOKEN, description=TOKEN_RULE)


class Acceptance(BaseModel):
    model_config = STRICT

    token: str = Field(max_length=LONGEST_TOKEN, description=TOKEN_RULE)
    name: str = Field(min_length=1, max_length=names.LONGEST, description=NAME_RULE)
    password: str = Field(max_length=LONGEST_SENT, description=PASSWORD_RULE)


class NewPassword(BaseModel):
    model_config = STRICT

    token: str = Field(max_length=LONGEST_TOKEN, description=TOKEN_RULE)
    password: str = Field(max_length=LONGEST_SENT, description=PASSWORD_RULE)


class PasswordChange(BaseModel):
    model_config = STRICT

    old: str = Field(max_length=LONGEST_SENT, description=PASSWORD_RULE)
    new: str = Field(max_length=LONGEST_SENT, description=PASSWORD_RULE)


def good_password(password: str, param: str = "password") -> str:
    """Raises InvalidRequest."""
    length = len(unicodedata.normalize("NFC", password))
    if not SHORTEST <= length <= LONGEST:
        sentence = f"'{param}' must have {SHORTEST} to {LONGEST} characters; it has {length}."
        raise InvalidRequest(Fault(param, "invalid_value", sentence))
    return password


def good_name(name: str) -> str:
    """Raises InvalidRequest."""
    try:
        return names.check(name)
    except BadName as error:
        raise InvalidRequest(Fault("name", "invalid_value", str(error))) from None
