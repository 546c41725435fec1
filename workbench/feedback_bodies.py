"""What people send as feedback, declared as strictly as the API's own bodies."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from router.wire import STRICT
from workbench.feedback import Said

LONGEST_TEXT, LONGEST_PAGE, LONGEST_ID = 10_000, 200, 128
LARGEST_PARAMETERS, DEEPEST = 16_384, 4
#: What people wrote goes along with nothing, whoever sends it.
NEVER = frozenset({"prompt", "continuations"})
NUL = "\x00"

TEXT_RULE = f"a string of 1 to {LONGEST_TEXT} characters that says something, without NUL"
PAGE_RULE = f"the path of a page, at most {LONGEST_PAGE} characters"
ID_RULE = f"1 to {LONGEST_ID} visible ASCII characters; by default none"
PARAMETERS_RULE = (
    f"an object without 'prompt' and 'continuations', nested at most {DEEPEST} deep, without NUL, of at most {LARGEST_PARAMETERS} bytes"
    "; by default none"
)


def _text(text: str) -> str:
    if not text.strip() or NUL in text:
        raise ValueError(TEXT_RULE)
    return text


def _parameters(given: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(given).encode()) > LARGEST_PARAMETERS or not _fits(given, DEEPEST):
        raise ValueError(PARAMETERS_RULE)
    return given


def _fits(value: Any, levels: int) -> bool:
    """PostgreSQL has no NUL in a text."""
    match value:
        case dict():
            named = all(name not in NEVER and NUL not in name for name in value)
            return named and levels > 0 and all(_fits(one, levels - 1) for one in value.values())
        case list():
            return levels > 0 and all(_fits(one, levels - 1) for one in value)
        case str():
            return NUL not in value
    return True


class NewFeedback(BaseModel):
    model_config = STRICT

    text: Annotated[str, AfterValidator(_text), Field(max_length=LONGEST_TEXT, description=TEXT_RULE)]
    page: str = Field(max_length=LONGEST_PAGE, pattern=r"^/[!-~]*$", description=PAGE_RULE)
    request_id: str | None = Field(default=None, pattern=rf"^[!-~]{{1,{LONGEST_ID}}}$", description=ID_RULE)
    parameters: Annotated[dict[str, Any], AfterValidator(_parameters)] | None = Field(default=None, description=PARAMETERS_RULE)

    @property
    def said(self) -> Said:
        return Said(self.text, self.page, self.request_id, self.parameters)


class Reading(BaseModel):
    model_config = STRICT

    read: bool = Field(description="true or false: whether an admin has read it")
