"""Bodies that were valid before something happened to them: to their bytes, or to what they say. The same for the same seed."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Body = dict[str, Any]

#: Together they have every field of `POST /v1/completions`.
WHOLE: list[Body] = [
    {"prompt": "The quick brown 🦊", "max_tokens": 4, "temperature": 0.7, "top_p": 0.9, "top_k": 50, "min_p": 0.05, "seed": -1},
    {
        "prompt": ["a", "b\\u0000c"],
        "max_tokens": 2,
        "n": 2,
        "best_of": 3,
        "stop": ["x", "\n\n"],
        "user": "me",
        "echo": True,
        "suffix": None,
    },
    {"prompt": [5, 6, 7], "max_tokens": 0, "logprobs": 3, "prompt_logprobs": 2, "prompt_logprobs_start": 1, "echo": True},
    {"prompt": [[5], [6, 7]], "stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": False}, "max_tokens": 2},
    {"prompt": "hé", "max_tokens": 3, "min_tokens": 2, "ignore_eos": True, "stop_token_ids": [1, 9], "logit_bias": {"5": -100, "6": 2.5}},
    {"prompt": "x", "max_tokens": 2, "logprob_token_ids": [5, 6], "logprobs": 0, "return_token_ids": True, "add_special_tokens": False},
    {"prompt": "y", "max_tokens": 2, "presence_penalty": 1, "frequency_penalty": -1.5, "repetition_penalty": 1.1, "stop": "END"},
    {"prompt": "z", "max_tokens": 2, "skip_special_tokens": False, "include_stop_str_in_output": True, "stop": ["<|end_of_text|>"]},
]
#: What other services take, and ours must not.
FOREIGN = [
    *("allowed_token_ids", "bad_words", "prompt_embeds", "structured_outputs", "guided_regex", "cache_salt", "priority", "vllm_xargs"),
    *(
        "kv_transfer_params",
        "response_format",
        "logits_processors",
        "mm_processor_kwargs",
        "thinking_token_budget",
        "messages",
        "",
        "model ",
    ),
    *("temprature", "__proto__", "__class__", "stream_options.include_usage", "n\u0000", "名", "model_config", "model_fields", "self"),
]
NUMBERS = [
    0,
    1,
    -1,
    2,
    17,
    65,
    4095,
    4096,
    1 << 31,
    -(1 << 31),
    1 << 63,
    -(1 << 63) - 1,
    10**19,
    0.0,
    -0.0,
    1e-9,
    0.5,
    2.0001,
    5e-324,
    1e308,
]
TEXTS = [
    "",
    "a",
    "0",
    "true",
    "null",
    "NaN",
    "\u0000",
    "\ufeff",
    "🦊" * 90,
    "a" * 257,
    "<|begin_of_text|>",
    "{}",
    "../../etc",
    "%s%n",
    "bytes:\\xe2",
]
SCRAPS = [
    *(
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-1e-999",
        b"9" * 30,
        b"0x10",
        b"01",
        b"1.",
        b".5",
        b"true",
        b"null",
        b"\\u0000",
        b"\\ud800",
        b"\\udc00",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b",",
        b":",
        b"\\",
        b"\x00",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"//",
        b"\n",
    ),
    *(b"[" * 12, b'{"a":' * 9, b'"n":1,', b'"model":"pico",', b"\xf4\x90\x80\x80", b"\xf0\x9f\xa6\x8a"),
]


def bodies(seed: int, count: int, model: str = "pico") -> Iterator[bytes]:
    chance = Random(seed)
    for _ in range(count):
        body = {"model": model, **_own(chance.choice(WHOLE))}
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
            chance.choice(SENSES)(chance, body)
        data = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
        for _ in range(chance.choice((0, 0, 0, 0, 1, 2))):
            data = bitten(chance, data)
        yield data


def _own(value: Any) -> Any:
    """What is changed later must not be shared."""
    return copy.deepcopy(value)


def bitten(chance: Random, data: bytes) -> bytes:
    """Some bytes are replaced, doubled, turned or lost."""
    at, length = chance.randrange(len(data) + 1), chance.choice((0, 1, 1, 2, 8))
    match chance.randrange(5):
        case 0:
            return data[:at] + chance.choice(SCRAPS) + data[at + length :]
        case 1:
            return data[: at + length] + data[at:]
        case 2:
            return data[:at] + bytes(byte ^ 1 << chance.randrange(8) for byte in data[at : at + length]) + data[at + length :]
        case 3:
            return data[:at] if chance.random() < 0.3 else data[:at] + data[at + length :]
        case _:
            return data[:at] + chance.randbytes(length) + data[at + length :]


def anything(chance: Random, depth: int = 0) -> Any:
    """A JSON value of any kind, and what Python writes for what is none; long in one dimension only, so that no body is too large."""
    match chance.randrange(9 if depth < 4 else 6):
        case 0:
            return chance.choice((None, True, False))
        case 1 | 2:
            return chance.choice(NUMBERS)
        case 3:
            return chance.choice((math.nan, math.inf, -math.inf, chance.randrange(-(10**6), 10**6), chance.uniform(-3, 3)))
        case 4 | 5:
            return chance.choice(TEXTS) if chance.random() < 0.95 else "\ud800"
        case 6 | 7:
            return [anything(chance, depth + 1)] * chance.choice((0, 1, 2, 2 if depth else 17, 2 if depth else 129)) if depth < 2 else [[]]
        case _:
            return {chance.choice((*FOREIGN, "5", "4096", "05")): anything(chance, depth + 1) for _ in range(chance.randrange(3))}


def _replace(chance: Random, body: Body) -> None:
    body[chance.choice(list(body) or ["n"])] = anything(chance)


def _nudge(chance: Random, body: Body) -> None:
    """Numbers move a little or far, and sometimes become the other kind of number."""
    names = [name for name, value in body.items() if type(value) in (int, float)]
    if names:
        name = chance.choice(names)
        changes: tuple[Callable[[Any], Any], ...] = (
            lambda x: x + 1,
            lambda x: x - 1,
            lambda x: -x,
            float,
            int,
            str,
            bool,
            lambda x: x * 1e9,
        )
        body[name] = chance.choice(changes)(body[name] if abs(body[name]) < 1e18 else 1)


def _borrow(chance: Random, body: Body) -> None:
    """A field of another body, with its own value or with that of a third."""
    fields = [item for one in WHOLE for item in one.items()]
    body[chance.choice(fields)[0]] = _own(chance.choice(fields)[1])


def _extend(chance: Random, body: Body) -> None:
    body.update(_own(chance.choice(WHOLE)))


def _add(chance: Random, body: Body) -> None:
    body[chance.choice(FOREIGN)] = anything(chance)


def _rename(chance: Random, body: Body) -> None:
    name = chance.choice(list(body) or ["n"])
    at = chance.randrange(len(name) + 1)
    body[name[:at] + chance.choice(("", "_", "s", "é")) + name[at + 1 :]] = body.pop(name, None)


def _drop(chance: Random, body: Body) -> None:
    body.pop(chance.choice(list(body) or ["n"]), None)


def _disturb(chance: Random, body: Body) -> None:
    """An entry of a list or an object changes, or one is added."""
    nested = [value for value in body.values() if isinstance(value, list | dict) and value]
    if nested:
        one = chance.choice(nested)
        if isinstance(one, list):
            one.insert(chance.randrange(len(one) + 1), anything(chance))
        else:
            one[chance.choice((*one, *FOREIGN))] = anything(chance)


def _reach(chance: Random, body: Body) -> None:
    """What only the model, its context or another field can refuse."""
    body.update(_own(chance.choice(BEYOND)))


BEYOND: list[Body] = [
    *({"prompt": [4095, 4096]}, {"prompt": [5] * 2049}, {"prompt": ["a", ""]}, {"prompt": "a" * 200_000}, {"max_tokens": 2048}),
    *({"stop_token_ids": [4096]}, {"logit_bias": {"4096": 1}}, {"logprob_token_ids": [99999]}, {"logprobs": 101}, {"prompt_logprobs": 101}),
    *({"min_tokens": 17}, {"n": 16, "best_of": 2}, {"n": 16, "prompt": ["a"] * 64}, {"stream_options": {"include_usage": False}}),
    *({"logprobs": 100, "echo": True, "max_tokens": 0}, {"add_special_tokens": False, "prompt": " "}, {"model": "micro"}),
]
SENSES = (_replace, _replace, _nudge, _nudge, _borrow, _extend, _add, _rename, _drop, _disturb, _disturb, _reach)
