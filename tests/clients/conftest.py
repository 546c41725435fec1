"""Each real client runs as a process in an environment of its own, against one running stack, and prints JSON of what it saw."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import CHECKOUT, Stack

ENVIRONMENTS = CHECKOUT / ".venv-clients"
DRIVERS = Path(__file__).parent / "drivers"
#: What keeps clients from looking for the world outside, and from writing to the home of whoever runs the tests.
QUIET = {
    **{name: "1" for name in ("HF_HUB_OFFLINE", "DO_NOT_TRACK", "NO_COLOR", "HF_HUB_DISABLE_TELEMETRY", "VLLM_NO_USAGE_STATS")},
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_NUM_THREADS": "1",  # torch's threads wait for each other by spinning, which two cores cannot afford
}


@dataclass(frozen=True)
class Clients:
    """Runs the clients, each with the address and the key of the stack in its environment and a home of its own."""

    stack: Stack
    home: Path

    def drive(self, client: str, driver: str, *arguments: str, seconds: float = 100, cwd: Path | None = None) -> Any:
        """The JSON on the last line that the driver printed. `-P` keeps the drivers' folder out of what it can import."""
        command = [str(ENVIRONMENTS / client / "bin" / "python"), "-P", str(DRIVERS / f"{driver}.py"), *arguments]
        return json.loads(self.run(command, seconds, cwd=cwd).splitlines()[-1])

    def run(self, command: list[str], seconds: float = 100, cwd: Path | None = None, **environment: str) -> str:
        """What the command printed; the test fails, with all that it said, when it did."""
        done = subprocess.run(
            command, env=self.environment() | environment, cwd=cwd or self.home, capture_output=True, text=True, timeout=seconds
        )
        assert done.returncode == 0, f"{command} exited with {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        keys = {"ACS_API_BASE": self.stack.base_url, "ACS_API_KEY": self.stack.key, "OPENAI_API_KEY": self.stack.key}
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), **QUIET, **keys}


@pytest.fixture(scope="session")
def clients(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    assert ENVIRONMENTS.is_dir(), "The clients are not installed: `make test-clients` installs and runs them."
    return Clients(stack, tmp_path_factory.mktemp("clients"))
