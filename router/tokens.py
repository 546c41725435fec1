"""A model's vocabulary: text to ids, ids to exact bytes, bytes to text as they arrive, stop strings in that text.

Only `tokenizers` is needed; a gateway never loads a model. Byte-level BPE is the one kind that is read.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

#: Characters from which encoding leaves the event loop (118k of them take 42 ms).
LONG_TEXT = 4096


class UnreadableTokenizer(Exception):
    """A folder without a tokenizer that the gateway can read; the text says what to do."""


class Vocabulary:
    """`digest` is the SHA-256 of tokenizer.json; `longest` is the most bytes that one token stands for."""

    def __init__(self, tokenizer: Tokenizer, bos: str | None, eos: str | None, digest: str) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer, self.digest = tokenizer, digest
        self._bytes = _byte_table(tokenizer)
        self._special = {token_id for token_id, token in tokenizer.get_added_tokens_decoder().items() if token.special}
        self.size = len(self._bytes)
        self.longest = max(len(token) for token in self._bytes)
        self.bos_id = None if bos is None else tokenizer.token_to_id(bos)
        self.eos_id = None if eos is None else tokenizer.token_to_id(eos)

    @classmethod
    def load(cls, folder: str) -> Vocabulary:
        """Reads tokenizer.json, and BOS and EOS from tokenizer_config.json. Raises UnreadableTokenizer."""
        try:
            data = Path(folder, "tokenizer.json").read_bytes()
            config = json.loads(Path(folder, "tokenizer_config.json").read_bytes())
        except (OSError, ValueError) as error:
            raise UnreadableTokenizer(f"{folder} needs a readable tokenizer.json and tokenizer_config.json ({error}).") from error
        if "ByteLevel" not in json.dumps(json.loads(data)["decoder"]):
            raise UnreadableTokenizer(f"{folder}/tokenizer.json is not byte-level BPE, the one kind that is supported.")
        tokenizer = Tokenizer.from_buffer(data)
        return cls(tokenizer, _spelling(config, "bos_token"), _spelling(config, "eos_token"), hashlib.sha256(data).hexdigest())

    def encode(self, text: str) -> list[int]:
        """Ids with the tokenizer's BOS once, also where the text begins with the BOS spelling."""
        ids: list[int] = self._tokenizer.encode_batch_fast([text])[0].ids
        doubled = self.bos_id is not None and ids[:2] == [self.bos_id, self.bos_id]
        return ids[1:] if doubled else ids

    async def encode_aside(self, text: str) -> list[int]:
        """`encode`, in a thread when the text is long enough to hold up the event loop."""
        return self.encode(text) if len(text) < LONG_TEXT else await asyncio.to_thread(self.encode, text)

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes a token stands for; none for an id that the model has but its tokenizer does not."""
        return self._bytes[token_id] if 0 <= token_id < self.size else b""

    def is_special(self, token_id: int) -> bool:
        return token_id in self._special

    def spell(self, token_id: int) -> str:
        r"""The token's text, or like `bytes:\xe2\x96` where that is no UTF-8 on its own."""
        data = self.token_bytes(token_id)
        try:
            return data.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)


def _spelling(config: dict[str, Any], name: str) -> str | None:
    token = config.get(name)
    return token["content"] if isinstance(token, dict) else token


def _byte_table(tokenizer: Tokenizer) -> list[bytes]:
    """Bytes by id. Added tokens are spelt as they are, all others in the byte alphabet."""
    alphabet = byte_alphabet()
    added = {token_id: token.content.encode() for token_id, token in tokenizer.get_added_tokens_decoder().items()}
    spellings = tokenizer.get_vocab(with_added_tokens=True)
    table = [b""] * (max(spellings.values()) + 1)
    for spelling, token_id in spellings.items():
        table[token_id] = added[token_id] if token_id in added else bytes(alphabet[character] for character in spelling)
    return table


def byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte: itself where it prints, else the next code from 256 on."""
    printable = {*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + index): byte for index, byte in enumerate(others)}


#: The beginnings of a character that some further byte can still complete (Unicode 15.0, table 3-7).
UNFINISHED = re.compile(
    rb"[\xc2-\xdf]|\xe0[\xa0-\xbf]?|[\xe1-\xec\xee\xef][\x80-\xbf]?|\xed[\x80-\x9f]?"
    rb"|\xf0([\x90-\xbf][\x80-\xbf]?)?|[\xf1-\xf3]([\x80-\xbf][\x80-\xbf]?)?|\xf4([\x80-\x8f][\x80-\xbf]?)?"
)


class TextStream:
    """The text of a run of tokens, as far as the bytes so far decide it.

    Special tokens have no text. An unfinished character waits for its other bytes; U+FFFD stands for bytes
    that nothing can complete any more, one for each maximal run of them. (The codec of the standard library
    also waits after ED A0, which nothing completes.)
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary, self._waiting = vocabulary, b""
        self.length = 0

    def feed(self, token_id: int) -> tuple[str, int]:
        """The text that this token completes, and where the character with its first byte stands."""
        data = b"" if self._vocabulary.is_special(token_id) else self._vocabulary.token_bytes(token_id)
        if not data:
            return "", self.length
        offset = self.length + (not _continues(self._waiting, data[:1]))
        whole = self._waiting + data
        end = next((at for at in range(max(len(whole) - 3, 0), len(whole)) if UNFINISHED.fullmatch(whole, at)), len(whole))
        text, self._waiting = whole[:end].decode("utf-8", "replace"), whole[end:]
        self.length += len(text)
        return text, offset


def _continues(waiting: bytes, byte: bytes) -> bool:
    """Whether the byte goes on with the unfinished character; else that becomes a U+FFFD before it."""
    if not waiting or UNFINISHED.fullmatch(waiting + byte):
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

    def feed(self, text: str) -> str:
        """The text that is now certain to stand before any stop string; nothing once one was found."""
        if self.found is not None:
            return ""
        window = self._held + text
        cut = self._find(window)
        self._held = "" if self.found is not None else window[cut:]
        return window[:cut]

    def flush(self) -> str:
        """The text still held back when a choice ends: it began a stop string that never came."""
        held, self._held = self._held, ""
        return held

    def _find(self, window: str) -> int:
        """Where certain text ends: at the stop string that was found, or where one may begin."""
        ends = ((window.find(stop) + len(stop), order) for order, stop in enumerate(self._stop) if stop in window)
        first = min(ends, default=None)
        if first is not None:
            self.found = self._stop[first[1]]
            return first[0] - len(self.found)
        return next((at for at in range(len(window)) if self._may_begin(window, at)), len(window))

    def _may_begin(self, window: str, at: int) -> bool:
        return any(len(stop) > len(window) - at and stop.startswith(window[at:]) for stop in self._stop)


class StopFinder:
    """The same over token ids, for whoever must end the engine's work."""

    def __init__(self, vocabulary: Vocabulary, stop: tuple[str, ...]) -> None:
        self._stream, self._scanner = TextStream(vocabulary), StopScanner(stop)

    def feed(self, token_id: int) -> str | None:
        """The stop string that this token completes, if it does."""
        text, _ = self._stream.feed(token_id)
        self._scanner.feed(text)
        return self._scanner.found
