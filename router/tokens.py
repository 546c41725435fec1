"""A model's vocabulary: text to ids, ids to exact bytes and to spellings. What text they make is in `text.py`.

Only `tokenizers` is needed; a gateway never loads a model. Byte-level BPE is the one kind that is read.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

#: Characters from which encoding leaves the event loop (118k of them take 42 ms).
LONG_TEXT = 4096


class UnreadableTokenizer(Exception):
    """A folder without a tokenizer that the gateway can read; the text says what to do."""


class Vocabulary:
    """`config` is tokenizer_config.json, `digest` the SHA-256 of tokenizer.json, `longest` the most bytes that one token stands for."""

    def __init__(self, tokenizer: Tokenizer, config: dict[str, Any], digest: str) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer, self.config, self.digest = tokenizer, config, digest
        self._bytes = _byte_table(tokenizer)
        self._texts: dict[int, str | None] = {}
        self._special = {token_id for token_id, token in tokenizer.get_added_tokens_decoder().items() if token.special}
        self.size = len(self._bytes)
        self.longest = max(len(token) for token in self._bytes)
        self.eos_id = _special_id(tokenizer, config, "eos_token")
        self.bos_id = _special_id(tokenizer, config, "bos_token") if config.get("bos_token") else self._added_first()

        self._adds_bos = self.bos_id is not None and tokenizer.encode("").ids[:1] == [self.bos_id]

    def _added_first(self) -> int | None:
        """What the tokenizer puts before every text, where its config names no BOS."""
        added = self._tokenizer.encode("").ids[:1]
        return added[0] if added and added[0] != self.eos_id else None

    @classmethod
    def load(cls, folder: str) -> Vocabulary:
        """Reads tokenizer.json and tokenizer_config.json, where BOS and EOS are named. Raises UnreadableTokenizer."""
        try:
            data = Path(folder, "tokenizer.json").read_bytes()
            config = json.loads(Path(folder, "tokenizer_config.json").read_bytes())
        except (OSError, ValueError) as error:
            raise UnreadableTokenizer(f"{folder} needs a readable tokenizer.json and tokenizer_config.json ({error}).") from error
        if "ByteLevel" not in json.dumps(json.loads(data)["decoder"]):
            raise UnreadableTokenizer(f"{folder}/tokenizer.json is not byte-level BPE, the one kind that is supported.")
        vocabulary = cls(Tokenizer.from_buffer(data), config, hashlib.sha256(data).hexdigest())
        rows = _embedding_rows(Path(folder, "config.json"))
        if rows is not None and vocabulary.size > rows:
            raise UnreadableTokenizer(f"{folder}/tokenizer.json has {vocabulary.size} ids, and the model of config.json only {rows}.")
        return vocabulary

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """Ids with the tokenizer's BOS once, also where the text begins with its spelling; nothing added without `add_special_tokens`."""
        ids: list[int] = self._tokenizer.encode_batch_fast([text], add_special_tokens=add_special_tokens)[0].ids
        doubled = add_special_tokens and self._adds_bos and ids[:2] == [self.bos_id, self.bos_id]
        return ids[1:] if doubled else ids

    async def encode_aside(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """`encode`, in a thread when the text is long enough to hold up the event loop."""
        if len(text) < LONG_TEXT:
            return self.encode(text, add_special_tokens)
        return await asyncio.to_thread(self.encode, text, add_special_tokens)

    def spans(self, text: str, add_special_tokens: bool = True) -> list[tuple[int, int]]:
        """Where each token of `encode`'s answer stands in the text by the tokenizer's own account: (first character, end)."""
        encoding = self._tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return encoding.offsets[len(encoding.ids) - len(self.encode(text, add_special_tokens)) :]

    def token_bytes(self, token_id: int) -> bytes:
        """The bytes a token stands for; none for an id that the model has but its tokenizer does not."""
        return self._bytes[token_id] if 0 <= token_id < self.size else b""

    def token_text(self, token_id: int) -> str | None:
        """The text of a token that is whole UTF-8 on its own, as most are; None of another. Remembered: streams ask for each token."""
        try:
            return self._texts[token_id]
        except KeyError:
            text = self._texts[token_id] = _whole(self.token_bytes(token_id))
            return text

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a run of ids: special tokens as they are spelt, U+FFFD for what is no UTF-8."""
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The tokenizer's own names of the tokens, in the byte alphabet, as Hugging Face's `convert_ids_to_tokens` gives them."""
        return [self._tokenizer.id_to_token(token_id) or "" for token_id in ids]

    def same_as(self, other: Vocabulary) -> bool:
        """Whether both make the same ids of every text, and say the same of themselves."""
        return (self.digest, self.config) == (other.digest, other.config)

    def is_special(self, token_id: int) -> bool:
        return token_id in self._special

    def spell(self, token_id: int) -> str:
        r"""The token's text, or like `bytes:\xe2\x96` where that is no UTF-8 on its own."""
        text = self.token_text(token_id)
        return text if text is not None else "bytes:" + "".join(f"\\x{byte:02x}" for byte in self.token_bytes(token_id))


def _whole(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _embedding_rows(path: Path) -> int | None:
    """How many ids the model can embed; None where its configuration does not say. A larger id would end the engine."""
    try:
        config = json.loads(path.read_bytes())
        rows = config.get("vocab_size", config.get("text_config", {}).get("vocab_size"))
    except (OSError, ValueError, AttributeError):
        return None
    return rows if isinstance(rows, int) else None


def _special_id(tokenizer: Tokenizer, config: dict[str, Any], name: str) -> int | None:
    token = config.get(name)
    spelling = token["content"] if isinstance(token, dict) else token
    return None if spelling is None else tokenizer.token_to_id(spelling)


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
