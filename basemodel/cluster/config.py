"""The Serve config that `up` runs: the file of the user, with the address from the command line."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from basemodel.cluster.models import MODEL, model_faults
from basemodel.cluster.tls import Tls
from basemodel.failure import Failure
from router.settings import CHECKOUT

DEFAULT_CONFIG = CHECKOUT / "serve_config.yaml"
DEFAULT_PORT = 8000
LOOPBACK = "127.0.0.1"
#: What `deployments/entrance.py` and `deployments/gateway.py` build; named here because they import Ray.
ENTRANCE, ENTRANCE_PATH, GATEWAY_PATH = "entrance", "deployments.entrance:build", "deployments.gateway:build"


@dataclass(frozen=True)
class ServeConfig:
    """`source` is the file it came from; relative import paths are looked up beside it."""

    source: Path
    content: dict[str, Any]
    tls: Tls | None = None

    @classmethod
    def load(cls, path: Path | None, host: str | None, port: int | None, tls: Tls | None = None) -> ServeConfig:
        """The address is loopback unless `host` says otherwise, whatever the file has. Raises Failure."""
        source = (path or DEFAULT_CONFIG).absolute()
        content = _parsed(source)
        address = dict(content.get("http_options") or {})
        address["host"] = host or LOOPBACK
        address["port"] = port or address.get("port") or DEFAULT_PORT
        _check_address(address, source)
        return cls(source, content | {"http_options": address}, tls)

    @property
    def host(self) -> str:
        return str(self.content["http_options"]["host"])

    @property
    def port(self) -> int:
        return int(self.content["http_options"]["port"])

    @property
    def applications(self) -> list[str]:
        return [str(application.get("name")) for application in self.content["applications"]]

    @property
    def cold(self) -> list[str]:
        """The applications of models that do not run until they are needed, however ready Serve says they are."""
        models = [one for one in self.content["applications"] if one.get("import_path") == MODEL]
        return [str(one["name"]) for one in models if not (one.get("args") or {}).get("warm")]

    def write(self, home: Path) -> Path:
        """What is really run, beside the state."""
        path = home / "serve_config.yaml"
        path.write_text(f"# Made by `basemodel up` from {self.source}; changes here are lost.\n" + yaml.safe_dump(self._run()))
        return path

    def _run(self) -> dict[str, Any]:
        """With an entrance of our own at the address, in the place of Serve's proxy, where the gateway is ours."""
        if not any(one.get("import_path") == GATEWAY_PATH for one in self.content["applications"]):
            return self.content
        address = {"host": self.host, "port": self.port}
        secured = {"certificate": self.tls.certificate, "https_port": self.tls.port} if self.tls else {}
        entrance = {"name": ENTRANCE, "route_prefix": None, "import_path": ENTRANCE_PATH, "args": {**address, **secured}}
        return self.content | {"proxy_location": "Disabled", "applications": [*self.content["applications"], entrance]}


def _parsed(source: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(source.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{source} cannot be read ({getattr(error, 'strerror', 'not UTF-8')}); name a Serve config with --config.") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise Failure(f"{source} is not valid YAML{f' (line {where.line + 1})' if where else ''}; correct it.") from error
    if not isinstance(content, dict) or not _are_applications(content.get("applications")):
        raise Failure(f"{source} has no list of applications with names; it must be a Ray Serve config.")
    if not isinstance(content.get("http_options") or {}, dict):
        raise Failure(f"http_options of {source} must hold names and values, such as port: 8000.")
    wrong = model_faults(content["applications"])
    if wrong:
        raise Failure("\n".join([f"{source} cannot be served as it is:", *wrong]))
    return content


def _are_applications(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in value)


def _check_address(address: dict[str, Any], source: Path) -> None:
    """Raises Failure for a port or an address that nothing could listen on."""
    port = address["port"]
    if not isinstance(port, int) or not 0 < port < 65536:
        raise Failure(f"The port of {source} must be a number from 1 to 65535; {port!r} is none.")
    try:
        socket.getaddrinfo(address["host"], port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise Failure(f"{address['host']} is no address of this machine; name one with --host, such as 0.0.0.0 for all.") from error
