"""Contract 2.1 as data: for every field values at its bounds, and just beyond them. `pico` has 4096 ids and 2048 positions."""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]
#: Fields, the parameter, a part of the message.
Wrong = tuple[Fields, str, str]

LEAST: Fields = {"model": "pico", "prompt": "hi"}
VOCABULARY, CONTEXT = 4096, 2048
INT32, INT64 = 1 << 31, 1 << 63
BOOLEANS = (
    *("echo", "stream", "ignore_eos", "add_special_tokens", "skip_special_tokens"),
    *("include_stop_str_in_output", "return_token_ids"),
)
VALUES_LIKE_TRUE: tuple[Any, ...] = (0, 1, "true", [])
LOGPROBS = ("logprobs", "prompt_logprobs")
PENALTIES = ("presence_penalty", "frequency_penalty")


def right(names: str | tuple[str, ...], *values: Any) -> list[Fields]:
    return [{name: value} for name in ((names,) if isinstance(names, str) else names) for value in values]


def wrong(names: str | tuple[str, ...], says: str, *values: Any) -> list[Wrong]:
    return [(fields, name, says) for fields in right(names, *values) for name in fields]


def option(name: str, value: Any) -> Fields:
    return {"stream": True, "stream_options": {name: value}}


#: What is sent beside LEAST.
ACCEPTED: list[Fields] = [
    *right(BOOLEANS, True, False),
    *right("prompt", "a", ["a"], ["a"] * 64, [0], [VOCABULARY - 1], [[5]], [[5], [6, 7]] * 32, [5] * (CONTEXT - 1)),
    *right("max_tokens", 0, 1, CONTEXT - 3),
    {"prompt": [5] * CONTEXT, "max_tokens": 0},
    *right("temperature", 0, 0.0, -0.0, 0.01, 2, 2.0),
    *right("top_p", 5e-324, 1, 1.0),
    *right("min_p", 0, -0.0, 1),
    *right("top_k", -1, 1, INT32 - 1),
    *right(PENALTIES, -2, -0.0, 2),
    *right("repetition_penalty", 5e-324, 2),
    *right("seed", -INT64, -1, 0, INT64 - 1),
    *right("n", 1, 16),
    *({"n": n, "best_of": best} for n, best in ((1, 1), (1, 16), (16, 16))),
    {"n": 16, "prompt": ["a"] * 8},
    {"best_of": 2, "prompt": ["a"] * 64},
    {"n": 2, "best_of": 2, "stream": True},
    {"n": 2, "temperature": 0},
    *right("stop", [], "a", "a" * 256, ["a" * 256] * 16),
    *right(LOGPROBS, 0, 100),
    {"prompt_logprobs": 1, "stream": True},
    *right("stream_options", {}, {"include_usage": None}, {"include_usage": None, "continuous_usage_stats": None}),
    {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": False}},
    *right("logit_bias", {}, {"0": -100}, {str(VOCABULARY - 1): 100.0}, {str(one): 0.5 for one in range(300)}),
    *right("user", "", "a" * 256, "🦊" * 256),
    *right("min_tokens", 0, 16),
    {"min_tokens": 20, "max_tokens": 20},
    *right("stop_token_ids", [], [0], [VOCABULARY - 1] * 64),
    *right("logprob_token_ids", [], [0], [VOCABULARY - 1] * 128),
    {"logprob_token_ids": [5], "logprobs": 0},
    *right("prompt_logprobs_start", 0, 1, INT32 - 1),
    *right("suffix", ""),
]

#: What is sent beside LEAST; the code is invalid_value.
INVALID: list[Wrong] = [
    *wrong(BOOLEANS, "true or false", *VALUES_LIKE_TRUE),
    *wrong("model", "the id of a listed model; 5 was given", 5),
    *wrong("prompt", "send [0] for an unconditional sample", "", ["a", ""]),
    *wrong("prompt", "must be a string, a list", [], [[]], [[5], []], {"a": 1}, 5),
    *wrong("prompt", "a string, not a boolean", True),
    *wrong("prompt", "none of them empty", ["a", 5], [5, "a"], [5, [5]], ["a", [5]], [None], ["a", None], [[None]]),
    *wrong("prompt", "list of token ids", [True], [5.0], [-1], [[-1]], [INT32], [[5, True]], [[[5]]]),
    *wrong("prompt", "1 to 64 strings", ["a"] * 65, [[5]] * 65),
    *wrong("prompt", "the token id 4096; the vocabulary of 'pico' has the ids 0 to 4095", [4096], [[5], [4096]]),
    *wrong("max_tokens", "at least 0 (0: only score the prompt); -1 was given", -1),
    *wrong("max_tokens", "an integer of at least 0", 16.0, "16", INT64, [16]),
    *wrong("max_tokens", "an integer, not a boolean", True),
    *wrong("temperature", "0 or from 0.01 to 2", -0.1, 2.0000000001, "0.3", []),
    *wrong("temperature", "would run anything between 0 and 0.01 as 0.01", 0.0099999, 1e-300, 5e-324),
    *wrong("temperature", "a number, not a boolean", True),
    *wrong("top_p", "above 0 and at most 1", 0, -0.0, 1.01, "1", True),
    *wrong("min_p", "from 0 to 1", -5e-324, 1.0000001, "0", False),
    *wrong("top_k", "-1 (off) or from 1", 0, -2, INT32, 1.0, "5", True),
    *wrong(PENALTIES, "from -2 to 2", -2.01, 2.01, "1", True, {}),
    *wrong("repetition_penalty", "above 0 and at most 2", 0, -0.0, -1, 2.01, "1", True),
    *wrong("seed", "64 bits", INT64, -INT64 - 1, 0.5, 1.0, "1", True),
    *wrong(("n", "best_of"), "from 1 to 16", 0, 17, -1, 1.0, "2", True),
    ({"n": 2, "best_of": 1}, "best_of", "at least n (2); 1 was given"),
    ({"n": 1, "best_of": 2, "stream": True}, "best_of", "must be n (1) where 'stream' is true"),
    ({"n": 16, "prompt": ["a"] * 9}, "n", "Prompts (9) times 'n' (16) must be at most 128"),
    ({"best_of": 3, "prompt": [[5]] * 43}, "best_of", "Prompts (43) times 'best_of' (3) must be at most 128"),
    *wrong("stop", "each of 1 to 256 characters", "", ["a", ""], "a" * 257, ["a" * 257]),
    *wrong("stop", "a string or up to 16", ["a"] * 17, ["a", 5], [None], [["a"]], 5, {}),
    *wrong(LOGPROBS, "an integer from 0", -1, 101, 1001, "5", 5.0),
    *wrong(LOGPROBS, "an integer, not a boolean", True),
    *wrong("stream_options", "only together with 'stream'", {"include_usage": True}, {"include_usage": False}, [], "", True),
    *((option("include_usage", value), "stream_options.include_usage", "true or false") for value in VALUES_LIKE_TRUE),
    *((option("continuous_usage_stats", value), "stream_options.continuous_usage_stats", "true or false") for value in VALUES_LIKE_TRUE),
    *wrong("logit_bias", "from -100 to 100", {"5": 100.1}, {"5": -101}, {"5": "1"}, {"5": True}, {"5": None}),
    *wrong(
        "logit_bias", "token ids as keys", {"": 1}, {"-1": 1}, {"05": 1}, {"+5": 1}, {" 5": 1}, {"5\n": 1}, {"٥": 1}, {"5.0": 1}, {"1e3": 1}
    ),
    *wrong("logit_bias", "an object of at most 300", {str(one): 1 for one in range(301)}, {"9" * 11: 1}, [], [[5, 1]], ""),
    *wrong("logit_bias", "the vocabulary of 'pico' has the ids 0 to 4095", {"4096": 1}, {"9999999999": 1}),
    *wrong("user", "at most 256 characters", "a" * 257, 5, ["me"]),
    *wrong("min_tokens", "from 0 to max_tokens", -1, 1.0, True, INT64),
    *wrong("min_tokens", "at most max_tokens (16); 17 was given", 17),
    ({"min_tokens": 5, "max_tokens": 4}, "min_tokens", "at most max_tokens (4); 5 was given"),
    ({"min_tokens": 5, "prompt": [5] * (CONTEXT - 4)}, "min_tokens", "the 4 tokens that the context leaves; 5 was given"),
    *wrong("stop_token_ids", "up to 64 token ids", [5] * 65, [-1], [True], ["a"], [INT32], 5),
    *wrong(("stop_token_ids", "logprob_token_ids"), "the token id 4096; the vocabulary of 'pico'", [5, 4096]),
    *wrong("logprob_token_ids", "up to 128 token ids", [5] * 129, [-1], [5.0], [None], {"5": 1}),
    ({"logprob_token_ids": [5], "logprobs": 1}, "logprob_token_ids", "only while 'logprobs' is null or 0"),
    *wrong("prompt_logprobs_start", "at least 0", -1, INT64, 0.0, True),
    *wrong("suffix", "not supported by base models", "x", 0, []),
]

#: The same, with the code before the part of the message.
REFUSED: list[tuple[Fields, str, str, str]] = [
    *(({name: None}, name, "missing_parameter", f"'{name}' is required: a string") for name in ("model", "prompt")),
    ({"temprature": 1}, "temprature", "unknown_parameter", "Did you mean 'temperature'?"),
    ({"max_token": None}, "max_token", "unknown_parameter", "Did you mean 'max_tokens'?"),
    ({"include_usage": True}, "include_usage", "unknown_parameter", "Did you mean 'stream_options.include_usage'?"),
    ({"zzz": None}, "zzz", "unknown_parameter", "'zzz' is not a parameter of this API."),
    (option("usage", True), "stream_options.usage", "unknown_parameter", "not a parameter"),
    ({"stream_options": {"zzz": None}}, "stream_options.zzz", "unknown_parameter", "not a parameter"),
    ({"max_tokens": CONTEXT - 2}, "max_tokens", "context_length_exceeded", "3 tokens and max_tokens (2046) must together be at most 2048"),
    ({"prompt": [5] * CONTEXT}, "prompt", "context_length_exceeded", "2048 tokens and max_tokens (1) must together be at most 2048"),
    ({"prompt": [[5], [5] * 2049], "max_tokens": 0}, "prompt", "context_length_exceeded", "2049 tokens and max_tokens (0)"),
    ({"prompt": "a b " * 2000}, "prompt", "context_length_exceeded", "(1) must together be at most 2048"),
    ({"prompt": "a" * 1_000_000}, "prompt", "context_length_exceeded", "at least"),
]
