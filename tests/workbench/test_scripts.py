"""The Workbench's own logic in JavaScript, run by node's test runner; one pytest case for each file of tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from router.wire import CompletionRequest, body_schema

SCRIPTS = Path(__file__).parents[1] / "workbench_js"
TESTS = sorted(path.name for path in SCRIPTS.glob("*.test.mjs"))
#: From here on node sees by itself that a `.js` file is a module.
OLDEST_NODE = (20, 19)


def node_version() -> tuple[int, ...]:
    node = shutil.which("node")
    if node is None:
        return ()
    told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", told)))


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """What the service declares, where the scripts read it."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"paths": {"/v1/completions": {"post": body_schema(CompletionRequest)}}}))
    return path


def test_there_are_scripts_to_test() -> None:
    assert TESTS


@pytest.mark.skipif(node_version() < OLDEST_NODE, reason="needs node 20.19 or later")
@pytest.mark.parametrize("name", TESTS)
def test_the_logic_of_the_workbench(name: str, schema: Path) -> None:
    command = ["node", "--test", "--test-reporter=tap", name]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=120, env={**os.environ, "OPENAPI": str(schema)})
    assert done.returncode == 0, done.stdout + done.stderr
