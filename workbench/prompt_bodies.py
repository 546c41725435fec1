"""What people send of saved prompts, declared as strictly as the API's own bodies."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from router.errors import Fault, InvalidRequest
from router.wire import BOOLEAN, STRICT
from workbench import prompt_content
from workbench.prompts import LONGEST_NAME, LONGEST_TAG, MOST_TAGS
from workbench.users import fold

NAME_RULE = f"a string of 1 to {LONGEST_NAME} printable characters, no space at either end"
TAGS_RULE = f"a list of at most {MOST_TAGS} different strings of 1 to {LONGEST_TAG} printable characters, no comma, no space at either end"
PARENT_RULE = "an integer, the newest version as you know it"
NUMBER = r"^[1-9][0-9]{0,8}$"
#: No database takes the character in question.
NO_NUL = r"^[^\x00]*$"
CURSOR = r"^[0-9]{1,12}-[0-9a-f]{32}$"

Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG)]


class NewPrompt(BaseModel):
    model_config = STRICT

    name: str = Field(min_length=1, max_length=LONGEST_NAME, description=NAME_RULE)
    tags: list[Tag] = Field(default=[], max_length=MOST_TAGS, description=TAGS_RULE)
    content: str = Field(min_length=2, max_length=prompt_content.MOST_BYTES, description=prompt_content.RULE)


class NewVersion(NewPrompt):
    parent: int = Field(ge=1, lt=1 << 31, description=PARENT_RULE)


class Sharing(BaseModel):
    model_config = STRICT

    shared: bool = Field(description=BOOLEAN)


class PromptsWanted(BaseModel):
    model_config = STRICT

    search: str | None = Field(
        default=None, max_length=LONGEST_NAME, pattern=NO_NUL, description=f"a text of at most {LONGEST_NAME} characters"
    )
    tag: str | None = Field(default=None, max_length=LONGEST_TAG, pattern=NO_NUL, description=f"a text of at most {LONGEST_TAG} characters")
    cursor: str | None = Field(default=None, pattern=CURSOR, description="what the page before gave as 'next'")

    @property
    def after(self) -> tuple[int, str] | None:
        changed, _, prompt_id = (self.cursor or "").partition("-")
        return (int(changed), prompt_id) if self.cursor else None


class VersionWanted(BaseModel):
    model_config = STRICT

    version: str | None = Field(default=None, pattern=NUMBER, description="an integer from 1; by default the newest")

    @property
    def number(self) -> int | None:
        return None if self.version is None else int(self.version)


def checked_labels(wanted: NewPrompt) -> None:
    """What no length says. Raises InvalidRequest with every fault."""
    faults = []
    if not is_plain(wanted.name):
        faults.append(Fault("name", "invalid_value", f"'name' must be {NAME_RULE}."))
    if not all(is_plain(tag) and "," not in tag for tag in wanted.tags) or len({fold(tag) for tag in wanted.tags}) < len(wanted.tags):
        faults.append(Fault("tags", "invalid_value", f"'tags' must be {TAGS_RULE}."))
    if faults:
        raise InvalidRequest(*faults)


def is_plain(text: str) -> bool:
    return text.isprintable() and text == text.strip()
