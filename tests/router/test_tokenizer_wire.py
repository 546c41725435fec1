from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from router.errors import InvalidRequest
from router.faults import validated
from router.tokenizer_wire import LONGEST, DetokenizeRequest, TokenizeRequest

REFUSED = [
    # the type, the body, the parameter, the code, a part of the message
    (TokenizeRequest, {}, "prompt", "missing_parameter", "'prompt' is required"),
    (TokenizeRequest, {"prompt": ["a"]}, "prompt", "invalid_value", "must be a string"),
    (TokenizeRequest, {"prompt": [1]}, "prompt", "invalid_value", "[1] was given"),
    (TokenizeRequest, {"prompt": "a" * (LONGEST + 1)}, "prompt", "invalid_value", "at most 1048576 characters"),
    (TokenizeRequest, {"prompt": "a", "messages": []}, "messages", "unknown_parameter", "not a parameter"),
    (TokenizeRequest, {"prompt": "a", "add_special_token": True}, "add_special_token", "unknown_parameter", "'add_special_tokens'?"),
    (TokenizeRequest, {"prompt": "a", "add_special_tokens": 1}, "add_special_tokens", "invalid_value", "true or false; 1 was given"),
    (TokenizeRequest, {"prompt": "a", "return_token_strs": "yes"}, "return_token_strs", "invalid_value", '"yes" was given'),
    (TokenizeRequest, {"prompt": "a", "model": 5}, "model", "invalid_value", "5 was given"),
    (DetokenizeRequest, {}, "tokens", "missing_parameter", "'tokens' is required"),
    (DetokenizeRequest, {"tokens": "a"}, "tokens", "invalid_value", "a list of up to 1048576 token ids"),
    (DetokenizeRequest, {"tokens": [1, -1, -2]}, "tokens", "invalid_value", "-1 was given"),
    (DetokenizeRequest, {"tokens": [1.0]}, "tokens", "invalid_value", "1.0 was given"),
    (DetokenizeRequest, {"tokens": [True]}, "tokens", "invalid_value", "true was given"),
    (DetokenizeRequest, {"tokens": [[1]]}, "tokens", "invalid_value", "[1] was given"),
    (DetokenizeRequest, {"tokens": [1 << 31]}, "tokens", "invalid_value", "2147483648 was given"),
    (DetokenizeRequest, {"tokens": ["a"] * (LONGEST + 1)}, "tokens", "invalid_value", "a list of 1048577 entries was given"),
    (DetokenizeRequest, {"tokens": [1], "skip_special_tokens": True}, "skip_special_tokens", "unknown_parameter", "not a parameter"),
]


@pytest.mark.parametrize(("kind", "body", "param", "code", "says"), REFUSED, ids=[f"{row[2]}-{str(row[1])[:40]}" for row in REFUSED])
def test_refused(kind: type[BaseModel], body: dict[str, Any], param: str, code: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        validated(kind, body, "pico")
    error = caught.value
    assert (error.param, error.code, error.details) == (param, code, None)
    assert says in error.message
    assert len(error.message) < 400


@pytest.mark.parametrize("text", ["", "a" * LONGEST, "\0", "🦊"])
def test_any_text_that_is_not_too_long_is_taken(text: str) -> None:
    assert validated(TokenizeRequest, {"prompt": text, "model": None}) == TokenizeRequest(prompt=text)


@pytest.mark.parametrize("ids", [[], [0], [7] * LONGEST])
def test_any_ids_that_are_not_too_many_are_taken(ids: list[int]) -> None:
    assert validated(DetokenizeRequest, {"tokens": ids}).tokens == ids
