"""What killed or corrupted engines from outside, by advisory or by the issue that reports it."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any] | bytes
INT32 = 1 << 31


def raw(number: str, field: str = "temperature") -> bytes:
    """What JSON has no way to say, said all the same."""
    return f'{{"model": "pico", "prompt": "hi", "{field}": {number}}}'.encode()


#: Out of bounds: the advisory, what is sent beside model and prompt (or the whole body), the parameter, the code.
BEYOND: list[tuple[str, Body, str | None, str]] = [
    *(("CVE-2026-34756 GHSA-3mwp-wvh9-7528 n", {"n": n}, "n", "invalid_value") for n in (17, 16_384, 10**9, 0)),
    *(("CVE-2026-34756 GHSA-3mwp-wvh9-7528 best_of", {"best_of": n}, "best_of", "invalid_value") for n in (17, 10**9)),
    *(
        ("CVE-2026-73559 GHSA-87x5-vmc3-756j prompt", {"prompt": prompts}, "prompt", "invalid_value")
        for prompts in (["a"] * 65, [[5]] * 9999)
    ),
    ("CVE-2026-73559 GHSA-87x5-vmc3-756j prompts x n", {"prompt": ["a"] * 64, "n": 3}, "n", "invalid_value"),
    *(
        ("CVE-2026-54235 GHSA-7h4p-rffg-7823 temperature", raw(one), None, "invalid_json")
        for one in ("NaN", "Infinity", "-Infinity", "1e999")
    ),
    *(("CVE-2026-54235 temperature", {"temperature": one}, "temperature", "invalid_value") for one in ("NaN", "inf", 1e308, -1, 5e-324)),
    *(("CVE-2026-44223 CVE-2026-105922 penalty", {name: 2.5}, name, "invalid_value") for name in ("presence_penalty", "frequency_penalty")),
    *(
        ("CVE-2026-44223 CVE-2026-105922 penalty", {"repetition_penalty": one}, "repetition_penalty", "invalid_value")
        for one in (0, -1, 1e308)
    ),
    ("CVE-2026-105922 penalty", raw("NaN", "presence_penalty"), None, "invalid_json"),
    *(
        ("CVE-2026-105775 token ids", {"prompt": ids}, "prompt", "invalid_value")
        for ids in ([4096], [-1], [INT32], [1 << 63], [[5], [4096]])
    ),
    *(
        ("vllm#54195 PR42614 PR44968 stop_token_ids", {"stop_token_ids": [one], "min_tokens": 1}, "stop_token_ids", "invalid_value")
        for one in (4096, -1, INT32)
    ),
    ("PR55164 stop_token_ids", {"stop_token_ids": [5] * 129}, "stop_token_ids", "invalid_value"),
    ("PR16529 logit_bias", {"logit_bias": {"4096": 1}}, "logit_bias", "invalid_value"),
    *(("PR16529 logit_bias", {"logit_bias": {key: 1}}, "logit_bias", "invalid_value") for key in ("-1", "1_0", str(1 << 63))),
    *(
        ("PR55164 logit_bias", {"logit_bias": {str(one): 1 for one in range(count)}}, "logit_bias", "invalid_value")
        for count in (301, 1024)
    ),
    ("PR16529 logit_bias", raw('{"5": Infinity}', "logit_bias"), None, "invalid_json"),
    *(("CVE-2026-116180 vllm#38830 logprobs", {"echo": True, "logprobs": k}, "logprobs", "invalid_value") for k in (-1, 101, 4096, INT32)),
    *(("vllm#5907 prompt_logprobs", {"prompt_logprobs": k}, "prompt_logprobs", "invalid_value") for k in (-1, 101, 4096, INT32)),
    *(
        ("CVE-2026-116173 logprob_token_ids", {"logprob_token_ids": ids}, "logprob_token_ids", "invalid_value")
        for ids in ([4096], [-1], [5] * 129)
    ),
    *(
        ("CVE-2026-114051 GHSA-4xqp-c3mv-qff7 min_tokens", {"min_tokens": least}, "min_tokens", "invalid_value")
        for least in (-1, 17, INT32)
    ),
    ("CVE-2026-114051 min_tokens", {"min_tokens": 9, "prompt": [5] * 2040}, "min_tokens", "invalid_value"),
    ("vllm#9336 max_tokens", {"max_tokens": -1}, "max_tokens", "invalid_value"),
    ("context", {"max_tokens": 2046}, "max_tokens", "context_length_exceeded"),
]

#: Fields that the contract does not have.
REFUSED: dict[str, str] = {
    "allowed_token_ids": "CVE-2026-93840 PR55164",
    "bad_words": "CVE-2026-93989 PYSEC-2026-4000",
    "cache_salt": "CVE-2026-105756",
    "structured_outputs": "CVE-2026-55574 GHSA-85xf-c7hm-whqw",
    "response_format": "CVE-2025-48942",
    "guided_json": "CVE-2025-48942 CVE-2025-29770",
    "guided_regex": "CVE-2025-48943 GHSA-hf3c-wxg2-49q9",
    "guided_choice": "GHSA-vrq3-r879-7m65",
    "guided_grammar": "CVE-2026-105757",
    "guided_decoding_backend": "PYSEC-2026-3933",
    "prompt_embeds": "CVE-2025-62164 CVE-2026-56340 CVE-2026-73557 PYSEC-2026-2303",
    "chat_template": "GHSA-69j4-grxj-j64p CVE-2026-115911",
    "chat_template_kwargs": "CVE-2026-115918",
    "mm_processor_kwargs": "CVE-2026-100650 PYSEC-2026-4361",
    "multi_modal_data": "CVE-2026-22778",
    "messages": "no chat here",
    "thinking_token_budget": "GHSA-fpch-3xrf-7q96",
    **dict.fromkeys(
        ("priority", "request_id", "session_id", "kv_transfer_params", "ec_transfer_params", "vllm_xargs"), "steers the engine"
    ),
    **dict.fromkeys(("use_beam_search", "length_penalty", "truncate_prompt_tokens", "truncation_side"), "steers the engine"),
    **dict.fromkeys(("return_tokens_as_token_ids", "repetition_detection", "watermarking", "stream_interval"), "steers the engine"),
    **dict.fromkeys(("routed_experts_prompt_start", "logits_processors", "spaces_between_special_tokens"), "steers the engine"),
}

#: In bounds: the advisory, and what is sent beside model, prompt and two tokens.
HARMLESS: list[tuple[str, dict[str, Any]]] = [
    ("CVE-2026-34756 n", {"n": 16}),
    ("CVE-2026-34756 best_of", {"best_of": 16}),
    ("CVE-2026-73559 prompt", {"prompt": ["a"] * 64, "n": 2}),
    ("CVE-2026-54235 temperature", {"temperature": 0}),
    ("greedy with n", {"temperature": 0, "n": 3}),
    ("CVE-2026-54235 temperature", {"temperature": 0.01}),
    ("CVE-2026-44223 CVE-2026-105922 penalties", {"presence_penalty": -2, "frequency_penalty": 2, "repetition_penalty": 0.01}),
    ("CVE-2026-105775 token ids", {"prompt": [[4095] * 2000, [0]]}),
    ("vllm#54195 stop_token_ids", {"stop_token_ids": [4095, 0, 1] * 21, "min_tokens": 1}),
    ("PR55164 PR16529 logit_bias", {"logit_bias": {str(one): -100 for one in range(3796, 4096)}}),
    ("CVE-2026-116180 logprobs", {"echo": True, "logprobs": 100, "prompt": [5] * 300}),
    ("vllm#5907 vllm#38830 prompt_logprobs", {"prompt_logprobs": 100, "prompt": [5] * 300, "stream": True}),
    ("CVE-2026-116173 logprob_token_ids", {"logprob_token_ids": [4095] * 128}),
    ("CVE-2026-114051 min_tokens", {"min_tokens": 2, "stop_token_ids": [1], "ignore_eos": True}),
    ("vllm#6521 max_tokens 0", {"max_tokens": 0, "echo": True, "logprobs": 1}),
    ("CVE-2026-44222 GHSA-hpv8-x276-m59f special text", {"prompt": "<|vision_start|><|image_pad|><|vision_end|><image><|begin_of_text|>"}),
    ("CVE-2026-44222 added spellings", {"prompt": "<|end_of_text|>" * 9, "skip_special_tokens": False}),
]

#: Routes that vLLM's own server opens, some of them without a key.
ROUTES = [
    *(
        "/invocations",
        "/pause",
        "/resume",
        "/update_weights",
        "/abort_requests",
        "/collective_rpc",
        "/sleep",
        "/wake_up",
        "/reset_prefix_cache",
    ),
    *(
        "/start_profile",
        "/load",
        "/metrics",
        "/scale_elastic_ep",
        "/v1/load_lora_adapter",
        "/inference/v1/generate",
        "/generate",
        "/pooling",
    ),
    *("/v1/embeddings", "/v1/responses", "/v1/messages", "/v1/audio/transcriptions", "/rerank", "/classify", "/score", "/server_info"),
]
