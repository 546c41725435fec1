"""Contract 2.1 as data: for every field values at its bounds, and just beyond them. `pico` has 4096 ids and 2048 positions."""

from __future__ import annotations

from typing import Any

LEAST: dict[str, Any] = {"model": "pico", "prompt": "hi"}
VOCABULARY, CONTEXT = 4096, 2048
INT32, INT64 = 1 << 31, 1 << 63
BOOLEANS = (
    *("echo", "stream", "ignore_eos", "add_special_tokens", "skip_special_tokens"),
    *("include_stop_str_in_output", "return_token_ids"),
)

#: What is sent beside LEAST.
ACCEPTED: list[dict[str, Any]] = [
    *({name: value} for name in BOOLEANS for value in (True, False)),
    *({"prompt": prompt} for prompt in ("a", ["a"], ["a"] * 64, [0], [VOCABULARY - 1], [[5]], [[5], [6, 7]] * 32, [5] * 2047)),
    *({"max_tokens": most} for most in (0, 1, CONTEXT - 3)),
    {"prompt": [5] * CONTEXT, "max_tokens": 0},
    *({"temperature": value} for value in (0, 0.0, -0.0, 0.01, 2, 2.0)),
    *({"top_p": value} for value in (5e-324, 1, 1.0)),
    *({"min_p": value} for value in (0, -0.0, 1)),
    *({"top_k": value} for value in (-1, 1, INT32 - 1)),
    *({name: value} for name in ("presence_penalty", "frequency_penalty") for value in (-2, -0.0, 2)),
    *({"repetition_penalty": value} for value in (5e-324, 2)),
    *({"seed": value} for value in (-INT64, -1, 0, INT64 - 1)),
    *({"n": value} for value in (1, 16)),
    *({"n": n, "best_of": best} for n, best in ((1, 1), (1, 16), (16, 16))),
    {"n": 16, "prompt": ["a"] * 8},
    {"best_of": 2, "prompt": ["a"] * 64},
    {"n": 2, "best_of": 2, "stream": True},
    {"n": 2, "temperature": 0},
    *({"stop": stop} for stop in ([], "a", "a" * 256, ["a" * 256] * 16)),
    *({name: value} for name in ("logprobs", "prompt_logprobs") for value in (0, 100)),
    {"prompt_logprobs": 1, "stream": True},
    *({"stream_options": value} for value in ({}, {"include_usage": None}, {"include_usage": None, "continuous_usage_stats": None})),
    {"stream": True, "stream_options": {"include_usage": True, "continuous_usage_stats": False}},
    *({"logit_bias": value} for value in ({}, {"0": -100}, {str(VOCABULARY - 1): 100.0}, {str(one): 0.5 for one in range(300)})),
    *({"user": value} for value in ("", "a" * 256, "🦊" * 256)),
    {"min_tokens": 0},
    {"min_tokens": 16},
    {"min_tokens": 20, "max_tokens": 20},
    *({"stop_token_ids": value} for value in ([], [0], [VOCABULARY - 1] * 64)),
    *({"logprob_token_ids": value} for value in ([], [0], [VOCABULARY - 1] * 128)),
    {"logprob_token_ids": [5], "logprobs": 0},
    *({"prompt_logprobs_start": value} for value in (0, 1, INT32 - 1)),
    {"suffix": ""},
]

#: What is sent beside LEAST, the parameter, a part of the message; the code is invalid_value.
INVALID: list[tuple[dict[str, Any], str, str]] = [
    *(({name: value}, name, "true or false") for name in BOOLEANS for value in (0, 1, "true", [])),
    ({"model": 5}, "model", "5 was given"),
    ({"prompt": ""}, "prompt", "send [0] for an unconditional sample"),
    ({"prompt": ["a", ""]}, "prompt", "send [0] for an unconditional sample"),
    *(({"prompt": value}, "prompt", "must be a string, a list") for value in ([], [[]], [[5], []], {"a": 1}, 5)),
    ({"prompt": True}, "prompt", "a string, not a boolean"),
    *(({"prompt": value}, "prompt", "none of them empty") for value in (["a", 5], [5, "a"], [5, [5]], ["a", [5]], [None], ["a", None])),
    *(({"prompt": value}, "prompt", "list of token ids") for value in ([True], [5.0], [-1], [[-1]], [INT32], [[5, True]], [[[5]]])),
    ({"prompt": ["a"] * 65}, "prompt", "1 to 64 strings"),
    ({"prompt": [[5]] * 65}, "prompt", "1 to 64 lists"),
    *(
        ({"prompt": value}, "prompt", "the token id 4096; the vocabulary of 'pico' has the ids 0 to 4095")
        for value in ([4096], [[5], [4096]])
    ),
    ({"max_tokens": -1}, "max_tokens", "at least 0 (0: only score the prompt); -1 was given"),
    *(({"max_tokens": value}, "max_tokens", "was given") for value in (16.0, "16", INT32, [16])),
    ({"max_tokens": True}, "max_tokens", "an integer, not a boolean"),
    *(({"temperature": value}, "temperature", "0 or from 0.01 to 2") for value in (-0.1, 2.0000000001, "0.3", [])),
    *(({"temperature": value}, "temperature", "would run anything between 0 and 0.01 as 0.01") for value in (0.0099999, 1e-300, 5e-324)),
    ({"temperature": True}, "temperature", "a number, not a boolean"),
    *(({"top_p": value}, "top_p", "above 0 and at most 1") for value in (0, -0.0, 1.01, "1", True)),
    *(({"min_p": value}, "min_p", "from 0 to 1") for value in (-5e-324, 1.0000001, "0", False)),
    *(({"top_k": value}, "top_k", "-1 (off) or from 1") for value in (0, -2, INT32, 1.0, "5", True)),
    *(
        ({name: value}, name, "from -2 to 2")
        for name in ("presence_penalty", "frequency_penalty")
        for value in (-2.01, 2.01, "1", True, {})
    ),
    *(({"repetition_penalty": value}, "repetition_penalty", "above 0 and at most 2") for value in (0, -0.0, -1, 2.01, "1", True)),
    *(({"seed": value}, "seed", "64 bits") for value in (INT64, -INT64 - 1, 0.5, 1.0, "1", True)),
    *(({name: value}, name, "from 1 to 16") for name in ("n", "best_of") for value in (0, 17, -1, 1.0, "2", True)),
    ({"n": 2, "best_of": 1}, "best_of", "at least n (2); 1 was given"),
    ({"n": 1, "best_of": 2, "stream": True}, "best_of", "must be n (1) where 'stream' is true"),
    ({"n": 16, "prompt": ["a"] * 9}, "n", "Prompts (9) times 'n' (16) must be at most 128"),
    ({"best_of": 3, "prompt": [[5]] * 43}, "best_of", "Prompts (43) times 'best_of' (3) must be at most 128"),
    *(({"stop": value}, "stop", "each of 1 to 256 characters") for value in ("", ["a", ""], "a" * 257, ["a" * 257])),
    *(({"stop": value}, "stop", "a string or up to 16") for value in (["a"] * 17, ["a", 5], [None], [["a"]], 5, {})),
    *(({name: value}, name, "an integer from 0") for name in ("logprobs", "prompt_logprobs") for value in (-1, 101, 1001, "5", 5.0)),
    *(({name: True}, name, "an integer, not a boolean") for name in ("logprobs", "prompt_logprobs")),
    *(
        ({"stream_options": value}, "stream_options", "only together with 'stream'")
        for value in ({"include_usage": True}, {"include_usage": False})
    ),
    *(({"stream": True, "stream_options": value}, "stream_options", "an object") for value in ([], "", True)),
    *(
        ({"stream": True, "stream_options": {name: value}}, f"stream_options.{name}", "true or false")
        for name in ("include_usage", "continuous_usage_stats")
        for value in (1, "true")
    ),
    *(
        ({"logit_bias": value}, "logit_bias", "from -100 to 100")
        for value in ({"5": 100.1}, {"5": -101}, {"5": "1"}, {"5": True}, {"5": None})
    ),
    *(
        ({"logit_bias": {key: 1}}, "logit_bias", "token ids as keys")
        for key in ("", "-1", "05", "+5", " 5", "5\n", "٥", "5.0", "1e3", "99999999999", "a")
    ),
    *(
        ({"logit_bias": value}, "logit_bias", "an object of at most 300")
        for value in ({str(one): 1 for one in range(301)}, [], [[5, 1]], "")
    ),
    *(({"logit_bias": {key: 1}}, "logit_bias", "ids 0 to 4095") for key in ("4096", "9999999999")),
    *(({"user": value}, "user", "at most 256 characters") for value in ("a" * 257, 5, ["me"])),
    *(({"min_tokens": value}, "min_tokens", "from 0 to max_tokens") for value in (-1, 1.0, True, INT32)),
    ({"min_tokens": 17}, "min_tokens", "at most max_tokens (16); 17 was given"),
    ({"min_tokens": 5, "max_tokens": 4}, "min_tokens", "at most max_tokens (4); 5 was given"),
    ({"min_tokens": 5, "prompt": [5] * 2044}, "min_tokens", "the 4 tokens that the context leaves; 5 was given"),
    *(({"stop_token_ids": value}, "stop_token_ids", "up to 64 token ids") for value in ([5] * 65, [-1], [True], ["a"], [INT32], 5)),
    ({"stop_token_ids": [5, 4096]}, "stop_token_ids", "the token id 4096; the vocabulary"),
    *(({"logprob_token_ids": value}, "logprob_token_ids", "up to 128 token ids") for value in ([5] * 129, [-1], [5.0], [None], {"5": 1})),
    ({"logprob_token_ids": [4096]}, "logprob_token_ids", "the token id 4096; the vocabulary"),
    ({"logprob_token_ids": [5], "logprobs": 1}, "logprob_token_ids", "only while 'logprobs' is null or 0"),
    *(({"prompt_logprobs_start": value}, "prompt_logprobs_start", "at least 0") for value in (-1, INT32, 0.0, True)),
    *(({"suffix": value}, "suffix", "not supported by base models") for value in ("x", 0, [])),
]

#: The same, with a code of their own.
REFUSED: list[tuple[dict[str, Any], str, str, str]] = [
    *(({name: None}, name, "missing_parameter", f"'{name}' is required: a string") for name in ("model", "prompt")),
    ({"temprature": 1}, "temprature", "unknown_parameter", "Did you mean 'temperature'?"),
    ({"max_token": None}, "max_token", "unknown_parameter", "Did you mean 'max_tokens'?"),
    ({"include_usage": True}, "include_usage", "unknown_parameter", "Did you mean 'stream_options.include_usage'?"),
    ({"zzz": None}, "zzz", "unknown_parameter", "'zzz' is not a parameter of this API."),
    ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage", "unknown_parameter", "not a parameter"),
    ({"stream_options": {"zzz": None}}, "stream_options.zzz", "unknown_parameter", "not a parameter"),
    ({"max_tokens": 2046}, "max_tokens", "context_length_exceeded", "3 tokens and max_tokens (2046) must together be at most 2048"),
    ({"prompt": [5] * 2048}, "prompt", "context_length_exceeded", "2048 tokens and max_tokens (1) must together be at most 2048"),
    ({"prompt": [[5], [5] * 2049], "max_tokens": 0}, "prompt", "context_length_exceeded", "2049 tokens and max_tokens (0)"),
    ({"prompt": "a b " * 2000}, "prompt", "context_length_exceeded", "(1) must together be at most 2048"),
    ({"prompt": "a" * 1_000_000}, "prompt", "context_length_exceeded", "at least"),
]
