"""langchain-openai's OpenAI class: one prompt, a stream, two prompts in one request, logprobs and a refusal."""

from __future__ import annotations

import json
import os
from typing import Any

from langchain_openai import OpenAI

PROMPTS = ["In the beginning", "And the Lord said unto"]


def main() -> None:
    model = base_model()
    generated = base_model(n=2, best_of=2, seed=1, temperature=1).generate(PROMPTS)
    scored = base_model(logprobs=2).generate(PROMPTS[:1])
    seen = {
        "one": model.invoke(PROMPTS[0]),
        "stream": list(model.stream(PROMPTS[0])),
        "batch": model.batch(PROMPTS),
        "generated": [[one.text for one in of_prompt] for of_prompt in generated.generations],
        "usage": (generated.llm_output or {})["token_usage"],
        "scored": (scored.generations[0][0].generation_info or {})["logprobs"]["token_logprobs"],
        "stopped": model.invoke(PROMPTS[0], stop=["the"]),
        "error": refusal(),
    }
    print(json.dumps(seen))


def base_model(**settings: Any) -> OpenAI:
    address = {"base_url": os.environ["ACS_API_BASE"], "api_key": os.environ["ACS_API_KEY"]}
    return OpenAI(**{"model": "pico", "max_tokens": 12, "temperature": 0, "max_retries": 0, **address, **settings})


def refusal() -> str:
    try:
        base_model(temperature=3).invoke(PROMPTS[0])
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    main()
