"""lm-eval: runs tasks of ../lm_eval_tasks, which must be the working directory, and prints what each request was answered.

The argument is JSON: for each run its model ("local-completions" or "hf"), its settings and its tasks.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager


def main() -> None:
    manager = TaskManager(include_path=".", include_defaults=False)
    print(json.dumps({name: answers(manager, **run) for name, run in json.loads(sys.argv[1]).items()}))


def answers(manager: TaskManager, model: str, settings: dict[str, Any], tasks: list[str]) -> dict[str, list[Any]]:
    """Of each task what each request of each document was answered."""
    batch_size = settings.pop("batch_size", 1)
    results = simple_evaluate(model, settings, tasks=tasks, task_manager=manager, bootstrap_iters=0, batch_size=batch_size)
    documents = {task: sorted(samples, key=lambda one: one["doc_id"]) for task, samples in results["samples"].items()}
    return {task: [request[0] for one in samples for request in one["resps"]] for task, samples in documents.items()}


if __name__ == "__main__":
    main()
