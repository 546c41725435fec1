"""Whose a process is, and that ending it is certain."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from basemodel.cluster.processes import MARK, Identity, end, marked, title, wait_gone

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
IDLE = "import time; print(flush=True); time.sleep(60)"
FORKING = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); {IDLE}"


@contextmanager
def child(code: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that has printed a line."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | environment)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_an_identity_knows_its_process_and_no_other() -> None:
    own = Identity.of(os.getpid())
    assert own.process == psutil.Process()
    assert replace(own, started=own.started - 10).process is None, "a reused process id is another process"


def test_an_identity_of_an_ended_process_is_nobody() -> None:
    with child(IDLE) as process:
        identity = Identity.of(process.pid)
        assert identity.process is not None
        process.kill()
        process.wait()
        assert identity.process is None


def test_only_processes_of_this_home_are_ours_and_their_children_too(tmp_path: Path) -> None:
    with child(FORKING, **{MARK: str(tmp_path)}) as ours, child(IDLE, **{MARK: f"{tmp_path}2"}), child(IDLE):
        found = marked(tmp_path)
        assert found[0].pid == ours.pid
        assert {process.ppid() for process in found[1:]} == {ours.pid}
        assert len(found) == 2
        end(found, 5)
        assert marked(tmp_path) == []


@pytest.mark.parametrize(("code", "killed"), [(IDLE, 0), (DEAF, 1)])
def test_a_process_that_does_not_listen_is_killed(code: str, killed: int) -> None:
    with child(code) as process:
        assert len(end([psutil.Process(process.pid)], 0.5)) == killed
        assert wait_gone([psutil.Process(process.pid)], 0) == []


def test_a_title_is_what_a_person_calls_it() -> None:
    with child(IDLE) as process:
        assert title(psutil.Process(process.pid)).startswith("python")
