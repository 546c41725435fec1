from __future__ import annotations

import json

import pytest

from router.errors import InvalidRequest
from workbench.prompt_content import MOST_BYTES, packed, unpacked


def document(tokens: int) -> str:
    """As the Workbench writes one, with ten alternatives for each token."""
    top = [[each * 37, -each / 3] for each in range(1, 11)]
    piece = {"id": 37, "text": " beginning", "by": "model", "lens": {"logprob": -1 / 3, "rank": 1, "top": top, "model": "pico"}}
    return json.dumps({"text": "…", "tree": {"nodes": [{"id": "1", "pieces": [{**piece, "id": each} for each in range(tokens)]}]}})


async def test_a_content_comes_back_as_it_was() -> None:
    for content in ("{}", '{"text":"\\u0000 \\ud83d 🦆 \u2028"}', document(10)):
        assert await unpacked(await packed(content)) == content


async def test_it_takes_less_than_half_of_its_size() -> None:
    content = document(1000)
    assert len(await packed(content)) < len(content) / 2


async def test_what_is_too_large_is_told_with_its_size() -> None:
    with pytest.raises(InvalidRequest, match=f"{MOST_BYTES + 1} bytes were given"):
        await packed("{" + "x" * (MOST_BYTES - 1) + "}")


@pytest.mark.parametrize("content", ["", "[]", "{", "}", ' {"a":1}', '{"a":1}\n', '{"a":"\0"}'])
async def test_what_is_no_object_is_refused(content: str) -> None:
    with pytest.raises(InvalidRequest):
        await packed(content)
