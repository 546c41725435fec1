"""The declared types of the tokenizer routes, in vLLM's shapes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field

from router.fields import TokenId, counted
from router.wire import BOOLEAN, STRICT

#: Characters of one text, or ids of one list. Cutting a text this long into tokens takes about 0.5 s and 130 MB.
LONGEST = 1 << 20
MODEL_RULE = "a string, the id of a listed model; by default any, where all models share one tokenizer"

#: The first bad id ends the check: a list of a million would otherwise be a million errors.
Tokens = Annotated[list[TokenId], FailFast(), BeforeValidator(counted(LONGEST)), Field(max_length=LONGEST)]


class TokenizeRequest(BaseModel):
    model_config = STRICT

    model: str | None = Field(default=None, description=MODEL_RULE)
    prompt: str = Field(max_length=LONGEST, description=f"a string of at most {LONGEST} characters")
    add_special_tokens: bool = Field(default=True, description=BOOLEAN)
    return_token_strs: bool = Field(default=False, description=BOOLEAN)


class Tokenized(BaseModel):
    """`token_strs` are the tokenizer's own names of the tokens: a space is `Ġ`."""

    count: int
    max_model_len: int
    tokens: list[int]
    token_strs: list[str] | None


class DetokenizeRequest(BaseModel):
    model_config = STRICT

    model: str | None = Field(default=None, description=MODEL_RULE)
    tokens: Tokens = Field(description=f"a list of up to {LONGEST} token ids")


class Detokenized(BaseModel):
    prompt: str


class TokenizerInfoRequest(BaseModel):
    """Sent as a query."""

    model_config = STRICT

    model: str | None = Field(default=None, description=MODEL_RULE)


class TokenizerInfo(BaseModel):
    """The model's tokenizer_config.json, special tokens as strings."""

    model_config = ConfigDict(extra="allow")

    tokenizer_class: str
    bos_token: str | None
    eos_token: str | None
