"""litellm as a client: text_completion of a text, of token ids, streamed, scored with vLLM's fields, and refused."""

from __future__ import annotations

import json
import os
from typing import Any

import litellm

PROMPT = "In the beginning"


def main() -> None:
    chunks = list(complete(stream=True))
    seen = {
        "whole": complete(logprobs=3).model_dump(),
        "stream": [chunk.choices[0].text or "" for chunk in chunks if chunk.choices],
        "ids": complete(prompt=[[5, 6, 7]], top_k=1, return_token_ids=True).model_dump(),
        "scored": complete(echo=True, logprobs=1, prompt_logprobs=1, max_tokens=1).model_dump(),
        "error": refusal(temperature=3),
        "unknown": refusal(model="text-completion-openai/gpt-4"),
    }
    print(json.dumps(seen, default=str))


def complete(**fields: Any) -> Any:
    address = {"api_base": os.environ["ACS_API_BASE"], "api_key": os.environ["ACS_API_KEY"], "max_retries": 0}
    request = {"model": "text-completion-openai/pico", "prompt": PROMPT, "max_tokens": 12, "temperature": 0}
    return litellm.text_completion(**{**address, **request, **fields})


def refusal(**fields: Any) -> dict[str, Any]:
    try:
        complete(**fields)
    except Exception as error:
        return {"class": type(error).__name__, "message": str(error)}
    return {}


if __name__ == "__main__":
    main()
