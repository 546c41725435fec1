"""Where Ray's exporter serves the measures of this node (docs/monitoring.md)."""

from __future__ import annotations

import os
from pathlib import Path

from basemodel.cluster import ray_head
from basemodel.failure import Failure

#: A port for it; by default Ray takes a free one, so that several services of one machine are not in each other's way.
VARIABLE = "BASEMODEL_METRICS_PORT"


def wanted_port() -> int:
    """0: any. Raises Failure."""
    said = os.environ.get(VARIABLE, "0")
    if not said.isascii() or not said.isdecimal() or int(said) > 65535:
        raise Failure(f"{VARIABLE} must be a port, 0 to 65535 (0: any free one), and it is {said!r}.")
    return int(said)


def address(home: Path) -> str | None:
    """None where Ray has not said it: nothing runs, or it is only starting."""
    for path in (ray_head.folder_of(home) / "session_latest").glob("metrics_export_port_*"):
        port = path.read_text().strip()
        if port.isdecimal():
            return f"http://127.0.0.1:{port}/metrics"
    return None
