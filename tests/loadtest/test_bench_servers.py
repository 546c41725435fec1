"""Servers that are measured take turns, and whoever's turn it is not stands still."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from basemodel.cluster.processes import marked
from loadtest.bench.servers import Server, ended, launch
from loadtest.bench.works import LITELLM, VLLM
from tests.cluster import eventually

SLEEPER = "import subprocess, sys, time; len(sys.argv) > 1 and subprocess.Popen([sys.executable, *sys.argv[1:]]); time.sleep(60)"

SECONDS = 20.0


@contextmanager
def at_rest(folder: Path, name: str = VLLM) -> Iterator[Server]:
    """Of two processes, the second started by the first, that answer nobody."""
    with ended(folder) as mark:
        process = launch([sys.executable, "-c", SLEEPER, "-c", "import time; time.sleep(60)"], os.environ | mark, folder)
        eventually(lambda: len(marked(folder)) == 2, SECONDS)
        yield Server(name, 1, "it", ("none",), folder, boot=2.0)
    process.wait()


def stopped(server: Server) -> list[bool]:
    return [process.status() == psutil.STATUS_STOPPED for process in marked(server.folder)]


@pytest.fixture(autouse=True)
def completing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "completes", lambda self: True)


def test_a_server_stands_still_except_in_its_turn(tmp_path: Path) -> None:
    with at_rest(tmp_path) as server:
        server.pause()
        assert stopped(server) == [True, True]
        with server.turn():
            eventually(lambda: stopped(server) == [False, False], SECONDS)
        assert stopped(server) == [True, True]


def test_a_server_in_front_of_another_takes_its_turn_with_it(tmp_path: Path) -> None:
    with at_rest(tmp_path) as behind:
        front = Server(LITELLM, 1, "it", ("none",), tmp_path / "none", behind=behind)
        front.pause()
        assert stopped(behind) == [True, True]
        front.resume()
        eventually(lambda: stopped(behind) == [False, False], SECONDS)


def test_a_server_that_ended_while_it_stood_still_is_told_of_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "completes", lambda self: False)
    gone = Server(VLLM, 1, "it", ("none",), tmp_path)
    with pytest.raises(RuntimeError, match="vLLM did not go on"), gone.turn():
        pass
