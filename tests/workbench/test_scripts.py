"""The Workbench's own logic in JavaScript, run by node's test runner; one pytest case for each file of tests."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from router.wire import CompletionRequest, body_schema
from tests.cluster import CHECKOUT

SCRIPTS = Path(__file__).parents[1] / "workbench_js"
TESTS = sorted(path.name for path in SCRIPTS.glob("*.test.mjs"))
#: Of `make test`, which installs it.
NODE = CHECKOUT / ".venv-node" / "bin" / "node"


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """What the service declares, where the scripts read it."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"paths": {"/v1/completions": {"post": body_schema(CompletionRequest)}}}))
    return path


def test_there_are_scripts_to_test() -> None:
    assert TESTS


@pytest.mark.parametrize("name", TESTS)
def test_the_logic_of_the_workbench(name: str, schema: Path) -> None:
    assert NODE.exists(), "make test installs it: requirements/vendor/install"
    command = [str(NODE), "--test", "--test-reporter=tap", name]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=120, env={**os.environ, "OPENAPI": str(schema)})
    assert done.returncode == 0, done.stdout + done.stderr
