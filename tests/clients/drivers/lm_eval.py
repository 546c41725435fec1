"""lm-eval: runs tasks of ../lm_eval_tasks, which must be the working directory, and prints what each request was answered.

The argument is JSON: for each run its model ("local-completions", "hf" or "hf, float32 head"), its settings and its tasks.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
import transformers
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager


def main() -> None:
    manager = TaskManager(include_path=".", include_defaults=False)
    print(json.dumps({name: answers(manager, **run) for name, run in json.loads(sys.argv[1]).items()}))


def answers(manager: TaskManager, model: str, settings: dict[str, Any], tasks: list[str]) -> dict[str, Any]:
    """Of each task: its metrics, and what each request of each document was answered."""
    chosen = float32_head(**settings) if model == "hf, float32 head" else model
    arguments = settings if isinstance(chosen, str) else None
    results = simple_evaluate(chosen, arguments, tasks=tasks, task_manager=manager, bootstrap_iters=0, batch_size=1)
    documents = {task: sorted(samples, key=lambda one: one["doc_id"]) for task, samples in results["samples"].items()}
    return {
        task: {"metrics": results["results"][task], "answers": [request[0] for one in samples for request in one["resps"]]}
        for task, samples in documents.items()
    }


def float32_head(pretrained: str, **settings: Any) -> HFLM:
    """lm-eval's `hf` backend with the last matrix in float32, as the service has it; all else is bfloat16."""
    model = transformers.AutoModelForCausalLM.from_pretrained(pretrained, dtype=torch.bfloat16, attn_implementation="eager")
    head = model.lm_head.weight.float()
    model.lm_head.forward = lambda hidden: torch.nn.functional.linear(hidden.float(), head)
    return HFLM(pretrained=model, tokenizer=pretrained, batch_size=1, **settings)


if __name__ == "__main__":
    main()
