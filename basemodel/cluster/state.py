"""`state.json` in the home: what `up` started, where it answers, and who waits for Ctrl-C.

Written whole in one step. It is for people and for later commands; what `down` stops it finds by itself.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from basemodel.cluster.processes import Identity
from basemodel.cluster.tls import Tls

FILE = "state.json"


@dataclass(frozen=True)
class State:
    """`phase` is `starting` or `running`, `started` Unix seconds; `owner` is the `up` that is
    starting it, or that stays in the foreground; `public_url` is what it was told of where users see it."""

    phase: str
    started: int
    config: str
    host: str
    port: int
    ray_address: str | None = None
    redis: Identity | None = None
    owner: Identity | None = None
    tls: Tls | None = None
    public_url: str | None = None

    @property
    def base_url(self) -> str:
        """Where this machine reaches the API: loopback unless the host names one address, and always beside https."""
        host = "127.0.0.1" if self.tls else {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        return f"http://{host}:{self.port}"

    def write(self, home: Path) -> None:
        draft = home / f"{FILE}.{os.getpid()}"
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(home / FILE)

    @classmethod
    def read(cls, home: Path) -> State | None:
        """None where nothing was started, or where the file is not one of ours."""
        try:
            fields = json.loads((home / FILE).read_text())
            for name in ("redis", "owner"):
                fields[name] = Identity(**fields[name]) if fields[name] else None
            fields["tls"] = Tls(**fields["tls"]) if fields.get("tls") else None
            return cls(**fields)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    @staticmethod
    def forget(home: Path) -> None:
        (home / FILE).unlink(missing_ok=True)
