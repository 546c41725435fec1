"""The Serve config that `up` runs: the file of the user, with the address from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from basemodel.failure import Failure
from router.settings import CHECKOUT

DEFAULT_CONFIG = CHECKOUT / "serve_config.yaml"
DEFAULT_PORT = 8000
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ServeConfig:
    """`source` is the file it came from; relative import paths are looked up beside it."""

    source: Path
    content: dict[str, Any]

    @classmethod
    def load(cls, path: Path | None, host: str | None, port: int | None) -> ServeConfig:
        """The address is loopback unless `host` says otherwise, whatever the file has. Raises Failure."""
        source = (path or DEFAULT_CONFIG).absolute()
        content = _parsed(source)
        address = dict(content.get("http_options") or {})
        address["host"] = host or LOOPBACK
        address["port"] = port or address.get("port") or DEFAULT_PORT
        return cls(source, content | {"http_options": address})

    @property
    def host(self) -> str:
        return str(self.content["http_options"]["host"])

    @property
    def port(self) -> int:
        return int(self.content["http_options"]["port"])

    @property
    def applications(self) -> list[str]:
        return [str(application.get("name")) for application in self.content["applications"]]

    def write(self, home: Path) -> Path:
        """What is really run, beside the state."""
        path = home / "serve_config.yaml"
        path.write_text(f"# Made by `basemodel up` from {self.source}; changes here are lost.\n" + yaml.safe_dump(self.content))
        return path


def _parsed(source: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(source.read_text())
    except OSError as error:
        raise Failure(f"{source} cannot be read ({error.strerror}); name a Serve config with --config.") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        raise Failure(f"{source} is not valid YAML{f' (line {where.line + 1})' if where else ''}; correct it.") from error
    if not isinstance(content, dict) or not isinstance(content.get("applications"), list):
        raise Failure(f"{source} has no list of applications; it must be a Ray Serve config.")
    return content
