"""openai-python: a whole answer, a stream, logprobs, echo, and what its users see of errors."""

from __future__ import annotations

import json
import os
from typing import Any

import openai

PROMPT = "In the beginning"
BAD: dict[str, dict[str, Any]] = {
    "value": {"model": "pico", "prompt": PROMPT, "temperature": 3},
    "model": {"model": "gpt-4", "prompt": PROMPT},
    "length": {"model": "pico", "prompt": [5] * 2000, "max_tokens": 100},
    "unknown": {"model": "pico", "prompt": PROMPT, "extra_body": {"max_token": 3}},
}


def main() -> None:
    with openai.OpenAI(base_url=os.environ["ACS_API_BASE"], api_key=os.environ["ACS_API_KEY"], max_retries=0) as client:
        whole = create(client, logprobs=3)
        stream = create(client, logprobs=3, stream=True, stream_options={"include_usage": True})
        seen = {
            "version": openai.__version__,
            "whole": whole.model_dump(),
            "request_id": whole._request_id,
            "stream": [chunk.model_dump() for chunk in stream],
            "echo": create(client, echo=True, logprobs=2).model_dump(),
            "echo_only": create(client, echo=True, logprobs=0, max_tokens=0).model_dump(),
            "errors": {name: refusal(client, body) for name, body in BAD.items()},
            "no_key": refusal(client.with_options(api_key="acs-bm-nonsense"), {"model": "pico", "prompt": PROMPT}),
        }
    print(json.dumps(seen))


def create(client: openai.OpenAI, **fields: Any) -> Any:
    return client.completions.create(**{"model": "pico", "prompt": PROMPT, "max_tokens": 12, "temperature": 0, **fields})


def refusal(client: openai.OpenAI, body: dict[str, Any]) -> dict[str, Any]:
    try:
        client.completions.create(**body)
    except openai.APIStatusError as error:
        return {"class": type(error).__name__, "code": error.code, "param": error.param, "type": error.type, "message": error.message}
    return {}


if __name__ == "__main__":
    main()
