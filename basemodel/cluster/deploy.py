"""The child process of `up` that talks to Ray: `python -m basemodel.cluster.deploy ADDRESS CONFIG`.

Does what `serve run CONFIG` does on a running Ray, then prints one JSON line per change of
`{application: {"state": …, "message": …}}` until all run. The command line itself stays without Ray.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import ray
import yaml
from ray import serve
from ray.serve._private.api import serve_start
from ray.serve.schema import ServeDeploySchema

POLL_SECONDS = 0.3
RUNNING = "RUNNING"

Progress = dict[str, dict[str, str]]


def main(address: str, config_path: str) -> None:
    ray.init(address=address, namespace="serve", log_to_driver=False, logging_level=logging.WARNING)
    config = ServeDeploySchema.model_validate(yaml.safe_load(Path(config_path).read_text()))
    client = serve_start(http_options=config.http_options.model_dump(), proxy_location=config.proxy_location)
    client.deploy_apps(config, _blocking=False)
    report({application.name for application in config.applications})


def report(names: set[str]) -> None:
    """Ends when every application of the config runs; whoever started this decides when to give up."""
    told: Progress = {}
    while not all(told.get(name, {}).get("state") == RUNNING for name in names):
        progress = current()
        if progress != told:
            print(json.dumps(progress), flush=True)
            told = progress
        time.sleep(POLL_SECONDS)


def current() -> Progress:
    applications = serve.status().applications
    return {name: {"state": str(app.status.value), "message": app.message} for name, app in applications.items()}


if __name__ == "__main__":
    main(*sys.argv[1:])
