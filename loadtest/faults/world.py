"""A cluster of three nodes on this machine: gateways, the controller and the proxy on the head, models on the other two."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from basemodel.cluster import boot, ray_head
from loadtest.faults.nodes import RayNode, killed_gcs
from loadtest.gateways import CHECKOUT, SECRET, free_port
from loadtest.redis_server import RedisServer

#: Models that nobody asks before a scenario wakes them.
SLEEPERS = ("asleep-node", "asleep-gcs", "asleep-controller", "asleep-gateway", "asleep-late")

Config = dict[str, Any]


def spec(model: str, **fields: Any) -> Config:
    common = {"source": "embedded/pico", "revision": "1", "max_model_len": 2048, "determinism": "exact", "num_cpus": 0.1}
    limits = {"hang_seconds": 5.0, "boot_timeout_seconds": 30, "max_boots_per_hour": 1000}
    return {"id": model, **common, **limits, **fields}


def model_app(model: Config, replicas: int) -> Config:
    """One of the model nodes, or both, runs it; two replicas are on two nodes."""
    deployment: Config = {"name": "Model", "ray_actor_options": {"num_cpus": 0.1, "resources": {"model": 0.01}}, "max_replicas_per_node": 1}
    if replicas > 1:
        deployment["autoscaling_config"] = {"min_replicas": replicas, "initial_replicas": replicas, "max_replicas": replicas}
    name = f"model-{model['id']}"
    path = "loadtest.faults.scripted_model:build"
    return {"name": name, "route_prefix": None, "import_path": path, "args": model, "deployments": [deployment]}


def gateway_app(models: list[Config], replicas: int) -> Config:
    options = {"num_cpus": 0.1, "resources": {"gateway": 0.01}}
    deployment = {"name": "Gateway", "num_replicas": replicas, "ray_actor_options": options, "user_config": {"models": models}}
    return {"name": "gateway", "route_prefix": "/", "import_path": "deployments.gateway:build", "args": {}, "deployments": [deployment]}


def config(port: int, gateways: int) -> Config:
    """As in serve_config.yaml; a sleeper sleeps again only after the run."""
    awake = spec("pico", warm=True, max_replicas=2)
    models = [awake, *(spec(name, idle_seconds=3600) for name in SLEEPERS)]
    return {
        "proxy_location": "HeadOnly",
        "http_options": {"host": "127.0.0.1", "port": port, "keep_alive_timeout_s": 90},
        "applications": [gateway_app(models, gateways), *(model_app(one, 2 if one is awake else 1) for one in models)],
    }


@dataclass
class World:
    """`home` is shared by all nodes: tokens travel by sockets in it."""

    home: Path
    redis: RedisServer
    head: RayNode
    nodes: tuple[RayNode, RayNode]
    environment: dict[str, str] = field(repr=False)
    address: str = ""
    port: int = field(default_factory=free_port)
    gateways: int = 1
    orphans: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def everything(self) -> tuple[RayNode, ...]:
        return (self.head, *self.nodes)

    def start(self) -> None:
        (self.home / "logs").mkdir(exist_ok=True)
        ray_head.make_token(self.home)
        self.redis.start()
        self.address = self.head.start(port=free_port())
        for node in self.nodes:
            node.start(self.address)
        self.apply()
        boot.await_http(self.base)

    def apply(self, change: Callable[[Config], None] = lambda content: None) -> None:
        """Deploys the config, changed so; returns when all of it runs. Raises Failure."""
        content = config(self.port, self.gateways)
        change(content)
        path = self.home / "serve_config.yaml"
        path.write_text(yaml.safe_dump(content))
        boot.deploy(self.address, path, self.home, self.environment, lambda states: None)

    def scale_gateways(self, count: int) -> None:
        if count != self.gateways:
            self.gateways = count
            self.apply()

    def kill_gcs(self) -> Callable[[], None]:
        """Kills the GCS now; what starts it again."""
        again = killed_gcs(self.head)
        return lambda: self.orphans.append(again())

    def end(self) -> None:
        for node in self.everything:
            node.kill()
        for process in self.orphans:
            process.kill()
            process.wait()
        self.redis.kill()


@contextmanager
def world(gateways: int = 1) -> Iterator[World]:
    """Its folder is kept where something fails, for the logs in it."""
    home = Path(tempfile.mkdtemp(prefix="bm-faults-"))
    (home / "redis").mkdir()
    redis = RedisServer(home / "redis")
    stored = {"RAY_gcs_storage": "rocksdb", "RAY_gcs_storage_path": str(home / "gcs")}
    environment = {**ray_head.environment(home, CHECKOUT), "BASEMODEL_REDIS_URL": redis.url, "BASEMODEL_SECRET": SECRET}
    head = RayNode(home, "head", "gateway", environment | stored)
    nodes = RayNode(home, "one", "model", environment), RayNode(home, "two", "model", environment)
    one = World(home, redis, head, nodes, environment, gateways=gateways)
    try:
        one.start()
        yield one
    finally:
        one.end()
    shutil.rmtree(home)
