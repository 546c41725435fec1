"""inspect_ai: perplexity over prompt_logprobs, by its provider for any server and by the one for vLLM's."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import Scorer, perplexity, target_perplexity
from inspect_ai.solver import generate

TEXTS = json.loads(sys.argv[1])
TARGET = " and the earth"


def main() -> None:
    base, key = os.environ["ACS_API_BASE"], os.environ["ACS_API_KEY"]
    os.environ |= {"BASEMODEL_BASE_URL": base, "BASEMODEL_API_KEY": key}
    whole = [Sample(input=text, target="") for text in TEXTS]
    counted = [Sample(input=text + TARGET, target="", metadata={"num_target_tokens": 3}) for text in TEXTS]
    tokenized = [Sample(input=text + TARGET, target="", metadata={"target_text": TARGET}) for text in TEXTS]
    any_server = {"model": "openai-api-completions/basemodel/pico"}
    vllm = {"model": "vllm-completions/pico", "model_base_url": base, "model_args": {"api_key": key}}
    seen = {
        "perplexity": scores(whole, perplexity(), any_server),
        "several": scores(whole, perplexity(), any_server, prompt_logprobs=5),
        "target": scores(counted, target_perplexity(), any_server),
        "vllm": scores(tokenized, target_perplexity(), vllm),
    }
    print(json.dumps(seen))


def scores(samples: list[Sample], scorer: Scorer, model: dict[str, Any], prompt_logprobs: int = 1) -> list[dict[str, Any]]:
    task = Task(dataset=samples, solver=generate(max_tokens=1, prompt_logprobs=prompt_logprobs), scorer=scorer)
    [log] = eval(task, display="none", log_dir="logs", **model)
    if log.status != "success":
        raise SystemExit(f"{log.status}: {log.error}")
    return [score.metadata for sample in log.samples or [] for score in (sample.scores or {}).values()]


if __name__ == "__main__":
    main()
