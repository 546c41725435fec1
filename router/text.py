"""From tokens to text: characters that are spread over tokens, special tokens, stop strings. Pure; used at both ends of the wire.

The gateway cuts the text that callers see with the same class that ends the engine's work at a stop string, so the two
cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from router.engine import Sampling
from router.tokens import Vocabulary

REPLACEMENT = "\ufffd"

#: The beginnings of a character that some further byte can still complete (Unicode 15.0, table 3-7).
UNFINISHED = re.compile(
    rb"[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?"
    rb"|\xf0([\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3]([\x80-\xbf][\x80-\xbf]?)?|\xf4([\x80-\x8f][\x80-\xbf]?)?"
)


class TextStream:
    """The text of a run of tokens, as far as the bytes so far decide it.

    An unfinished character waits for its other bytes; U+FFFD stands for bytes that nothing can complete any
    more, one for each maximal run of them. (The codec of the standard library also waits after ED A0, which
    nothing completes.) Special tokens have no text, unless they are not to be skipped. `length`: characters so far.
    """

    def __init__(self, vocabulary: Vocabulary, skip_special_tokens: bool = True, waiting: bytes = b"", length: int = 0) -> None:
        self._vocabulary, self._skip = vocabulary, skip_special_tokens
        self.waiting, self.length = waiting, length

    def feed(self, token_id: int) -> tuple[str, int]:
        """The text that this token completes, and where the character with its first byte stands."""
        if not self.waiting:
            text = self._text(token_id)
            if text is not None:
                self.length += len(text)
                return text, self.length - len(text)
        data = self._bytes(token_id)
        if not data:
            return "", self.length
        offset = self.length + (not _continues(self.waiting, data[:1]))
        whole = self.waiting + data
        end = unfinished_at(whole)
        text, self.waiting = whole[:end].decode("utf-8", "replace"), whole[end:]
        self.length += len(text)
        return text, offset

    def breaks(self, token_id: int) -> bool:
        """Whether this token leaves the character that waits unfinished for ever."""
        return bool(self.waiting) and not _continues(self.waiting, self._bytes(token_id)[:1])

    def _text(self, token_id: int) -> str | None:
        """The text of a token that needs no other; the way of nearly all tokens."""
        return "" if self._skip and self._vocabulary.is_special(token_id) else self._vocabulary.token_text(token_id)

    def _bytes(self, token_id: int) -> bytes:
        return b"" if self._skip and self._vocabulary.is_special(token_id) else self._vocabulary.token_bytes(token_id)


def unfinished_at(data: bytes) -> int:
    """Where the character begins that further bytes may complete; the length if there is none."""
    return next((at for at in range(max(len(data) - 3, 0), len(data)) if UNFINISHED.fullmatch(data, at)), len(data))


def _continues(waiting: bytes, byte: bytes) -> bool:
    """Whether the byte goes on with the unfinished character; else that becomes a U+FFFD before it."""
    if not waiting or not byte or UNFINISHED.fullmatch(waiting + byte):
        return True
    try:
        return bool((waiting + byte).decode())
    except UnicodeDecodeError:
        return False


class StopScanner:
    """Watches one choice's generated text. The earliest completion wins, ties go by the list's order."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop, self._held = stop, ""
        self.found: str | None = None

    def feed(self, text: str, armed: bool = True) -> str:
        """The text that is now certain to stand before any stop string; nothing once one was found.

        While not `armed` a stop string that this text completes does not count.
        """
        if not self._stop:
            return text
        if self.found is not None:
            return ""
        window = self._held + text
        cut = self._find(window) if armed else None
        cut = self._held_from(window) if cut is None else cut
        self._held = "" if self.found is not None else window[cut:]
        return window[:cut]

    def flush(self) -> str:
        """The text still held back when a choice ends: it began a stop string that never came."""
        held, self._held = self._held, ""
        return held

    def _find(self, window: str) -> int | None:
        """Where the stop string begins that the new text completes; what was complete before did not count then."""
        places = ((window.find(stop, max(0, len(self._held) - len(stop) + 1)), order) for order, stop in enumerate(self._stop))
        first = min(((at + len(self._stop[order]), order) for at, order in places if at >= 0), default=None)
        if first is None:
            return None
        self.found = self._stop[first[1]]
        return first[0] - len(self.found)

    def _held_from(self, window: str) -> int:
        """Where a stop string may begin; the length if nowhere."""
        return next((at for at in range(len(window)) if self._may_begin(window, at)), len(window))

    def _may_begin(self, window: str, at: int) -> bool:
        return any(len(stop) > len(window) - at and stop.startswith(window[at:]) for stop in self._stop)


class Continuation:
    """The text that one choice adds to its prompt, up to a stop string.

    A character that the prompt leaves unfinished is the continuation's as soon as a generated token completes
    it. One that nothing completes stays the prompt's: it shows, as U+FFFD, only after an `echo` of that length.
    """

    def __init__(self, vocabulary: Vocabulary, prompt_ids: Sequence[int], sampling: Sampling, echo: int | None = None) -> None:
        waiting = unfinished_tail(vocabulary, prompt_ids)
        self._stream = TextStream(vocabulary, sampling.skip_special_tokens, waiting, echo or 0)
        self._scanner, self._echoed, self._of_prompt = StopScanner(sampling.stop), echo is not None, bool(waiting)
        self._unarmed = sampling.min_tokens

    @property
    def found(self) -> str | None:
        """The stop string that ended this text."""
        return self._scanner.found

    @property
    def length(self) -> int:
        """Characters before the next token's, as long as no stop string is found."""
        return self._stream.length

    def feed(self, token_id: int) -> tuple[str, int]:
        """The text that is certain now, and where this token's first character stands if no stop string takes it."""
        orphan, waiting = self._orphan(token_id), self._stream.waiting
        text, offset = self._stream.feed(token_id)
        self._of_prompt = self._of_prompt and not text and self._stream.waiting == waiting
        self._unarmed -= 1
        return orphan + self._scanner.feed(text, self._unarmed < 0), offset

    def flush(self) -> str:
        """What was held back for a stop string that never came."""
        return self._scanner.flush()

    def _orphan(self, token_id: int) -> str:
        if not self._of_prompt or not self._stream.breaks(token_id):
            return ""
        self._stream.waiting, self._of_prompt = b"", False
        self._stream.length += self._echoed
        return REPLACEMENT if self._echoed else ""


def unfinished_tail(vocabulary: Vocabulary, ids: Sequence[int]) -> bytes:
    """The bytes of the character that a prompt's last tokens leave unfinished."""
    data = b""
    for token_id in reversed(ids[-3:]):
        if vocabulary.is_special(token_id):
            break
        data = vocabulary.token_bytes(token_id) + data
    return data[unfinished_at(data) :]
