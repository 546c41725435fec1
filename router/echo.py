"""The prompt as the answer shows it: its text, and where each of its tokens stands in that text. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from router.prompts import ValidPrompt
from router.text import TextStream
from router.tokens import Vocabulary


@dataclass(frozen=True)
class Echo:
    """`offsets`: one for each prompt token, in characters of `text`."""

    text: str
    offsets: list[int]

    @classmethod
    def of(cls, prompt: ValidPrompt, vocabulary: Vocabulary, skip_special_tokens: bool) -> Echo:
        """A text prompt is echoed as it was sent; token ids as their text, less a character they leave unfinished."""
        if prompt.text is not None:
            return cls(prompt.text, text_offsets(prompt, prompt.text, vocabulary))
        stream = TextStream(vocabulary, skip_special_tokens)
        fed = [stream.feed(token_id) for token_id in prompt.ids]
        return cls("".join(text for text, _ in fed), [offset for _, offset in fed])


def text_offsets(prompt: ValidPrompt, text: str, vocabulary: Vocabulary) -> list[int]:
    """By the tokens' own bytes where these make up the text, else (a tokenizer that normalises) by the tokenizer's account.

    An added BOS has no width. A token that begins inside a character stands where that character does.
    """
    data, at = text.encode(), 0
    starts = []
    for token_id in prompt.ids:
        starts.append(at)
        token = vocabulary.token_bytes(token_id)
        at += len(token) if data.startswith(token, at) else 0
    if at != len(data):
        return [first for first, _ in vocabulary.spans(text, prompt.add_special_tokens)]
    return starts if len(data) == len(text) else [characters(data)[start] for start in starts]


def characters(data: bytes) -> list[int]:
    """For each byte of UTF-8 text the index of its character; one more for the end."""
    begun = list(accumulate(not 0x80 <= byte < 0xC0 for byte in data))
    return [*(count - 1 for count in begun), begun[-1]]
