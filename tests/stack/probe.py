"""A second client of the cluster: `python -m tests.stack.probe ADDRESS` answers model ids on stdin with their facts."""

import json
import sys

import ray
from ray import serve


def main() -> None:
    ray.init(address=sys.argv[1], namespace="serve", log_to_driver=False, logging_level="ERROR")
    handles = {}
    for line in sys.stdin:
        model = line.strip()
        if model not in handles:
            handles[model] = serve.get_deployment_handle("Model", app_name=f"model-{model}", _check_exists=False)
        print(json.dumps(handles[model].facts.remote().result(timeout_s=10)), flush=True)


if __name__ == "__main__":
    main()
