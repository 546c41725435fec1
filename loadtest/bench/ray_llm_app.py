"""ray.serve.llm as a server, until SIGTERM: run in the environment that has it, with a file that says what to serve and where."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import ray
import yaml
from ray import serve
from ray.serve.llm import LLMConfig, build_openai_app


def main(given: dict[str, Any]) -> None:
    enough = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: enough.set())
    ray.init(include_dashboard=False, _temp_dir=given["folder"], object_store_memory=200_000_000, num_cpus=8, configure_logging=False)
    serve.start(http_options={"host": "127.0.0.1", "port": given["port"]})
    model = {"model_id": given["served"], "model_source": given["model"]}
    config = LLMConfig(
        model_loading_config=model,
        accelerator_config={"kind": "cpu"},
        engine_kwargs=given["engine"],
        deployment_config={"num_replicas": 1},
    )
    serve.run(build_openai_app({"llm_configs": [config]}), route_prefix="/", blocking=False)
    enough.wait()
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    main(yaml.safe_load(Path(sys.argv[1]).read_text()))
