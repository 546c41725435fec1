"""A model over two nodes: its host, a process beside Ray, gets one worker on every GPU of the replica, and takes them all with it."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.cluster import CHECKOUT

pytestmark = pytest.mark.stack


def test_workers_lie_in_the_replicas_group_over_both_nodes_and_end_with_the_host() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")} | {"RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-m", "tests.stack.two_nodes"]
    ran = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=110)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith("{")))
    assert sorted(Counter(found["nodes"]).values()) == [2, 2]
    assert sorted(zip(found["nodes"], found["gpus"], strict=True)) == sorted(
        (node, [gpu]) for node in set(found["nodes"]) for gpu in (0, 1)
    )
    assert found["ended"] == [True] * 4
