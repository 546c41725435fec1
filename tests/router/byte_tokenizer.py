"""A second tokenizer, unlike the embedded one: one token for each byte, special tokens at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

from router.tokens import byte_alphabet

BOS, EOS = "<s>", "</s>"
CONFIG: dict[str, Any] = {"bos_token": {"__type": "AddedToken", "content": BOS, "lstrip": False}, "eos_token": EOS}


def write_byte_tokenizer(folder: Path, config: dict[str, Any] = CONFIG) -> str:
    """Byte b is id b, BOS is 256 and EOS 257. Gives back the folder."""
    tokenizer = Tokenizer(models.BPE(vocab={character: byte for character, byte in byte_alphabet().items()}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(BOS, special=True), AddedToken(EOS, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, 256)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return str(folder)
