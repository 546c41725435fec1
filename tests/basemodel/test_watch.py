"""`status --watch` on a terminal of 80 columns, over the scripted application: nothing runs here but what the test says."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest
from rich.console import Console

from basemodel import keyboard, load, screen
from basemodel.cluster.state import State
from basemodel.load import Load
from basemodel.seen import Seen

COMMAND = [sys.executable, "-m", "basemodel.main", "status", "--watch"]
SECONDS = 20
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, home: Path, columns: int) -> None:
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {**os.environ, "BASEMODEL_HOME": str(home), "TERM": "xterm", "COLUMNS": str(columns), "LINES": "24"}
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(COMMAND, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True)
        self._theirs, self.shown = theirs, ""

    def until(self, text: str) -> None:
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._ours], [], [], 0.2)[0]:
                self.shown += os.read(self._ours, 1 << 16).decode()

    def press(self, key: str) -> None:
        os.write(self._ours, key.encode())

    def mode(self) -> list[object]:
        return list(termios.tcgetattr(self._theirs))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    one = Terminal(tmp_path / "home", 80)
    yield one
    one.close()


@pytest.mark.parametrize("key", ["q", "Q", "\x03"], ids=["q", "Q", "Ctrl-C"])
def test_a_key_ends_it_and_the_terminal_is_as_before(terminal: Terminal, key: str) -> None:
    terminal.until("q ends this")
    terminal.press("x")
    terminal.press(key) if key != "\x03" else terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(SECONDS) == 0
    assert terminal.mode() == list(terminal.before)


def test_it_draws_on_a_screen_of_its_own_and_never_wider_than_the_terminal(terminal: Terminal) -> None:
    terminal.until("q ends this")
    assert "Nothing runs here" in terminal.shown
    assert "\x1b[?1049h" in terminal.shown, "the alternate screen"
    assert "\x1b[2J" not in terminal.shown.partition("q ends this")[2], "no wiping between two pictures, which would flicker"
    assert max(len(line) for line in ANSI.sub("", terminal.shown).splitlines()) <= 80


def test_without_a_terminal_it_is_refused(tmp_path: Path) -> None:
    environment = {**os.environ, "BASEMODEL_HOME": str(tmp_path / "home")}
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "--watch needs a terminal" in done.stderr


def test_json_prints_a_document_each_second(tmp_path: Path) -> None:
    environment = {**os.environ, "BASEMODEL_HOME": str(tmp_path / "home")}
    with subprocess.Popen([*COMMAND, "--json"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        documents = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
    assert [one["running"] for one in documents] == [False] * 3
    assert {"load", "load_by_model", "accounts", "models"} <= set(documents[0])


def seen(**fields: object) -> Seen:
    models = [
        {"id": "pico", "state": "ready"},
        {"id": "nano", "state": "starting", "phase": "loading", "eta_seconds": 7},
        {"id": "a-model-with-quite-a-long-name-of-its-own", "state": "cold"},
    ]
    counted = {"num_requests_running": 8.0, "num_requests_waiting": 3.0, "kv_cache_usage_ratio": 0.25, "generation_tokens_total": 12345.0}
    service = {"basemodel_running_requests": 11.0, "basemodel_waiting_requests": 500.0, "basemodel_spool_entries": 0.0}
    accounts = [{"name": f"lab-{number}", "cap": 10**12, "used": 10**9, "held": 10**6, "remaining": 10**12 - 10**9} for number in range(12)]
    given = {"load": Load(service, {"pico": {f"vllm_{name}": value for name, value in counted.items()}}), "accounts": accounts, **fields}
    return Seen("/home", State("running", 0, "", "127.0.0.1", 8000), True, [], models, **given)  # type: ignore[arg-type]


def shown(one: Seen, columns: int = 80) -> list[str]:
    console = Console(width=columns, color_system=None, record=True, file=io.StringIO())
    console.print(screen.screen(one))
    return console.export_text().splitlines()


def test_a_screen_has_models_load_queue_and_budgets_in_80_columns_and_24_lines() -> None:
    lines = shown(seen())
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 24
    for part in ("requests 11  queue 500  spool 0", "loading, 7 s", "25%", "12,345", "lab-7", "1,000,000,000,000", "and 4 more"):
        assert part in text
    assert re.search(r"^pico +ready +8 +3 +25% +12,345$", text, re.MULTILINE)


def test_a_screen_says_that_accounting_is_closed_and_that_it_is_old() -> None:
    closed = seen(load=Load({"basemodel_accounting_open": 0.0}), at=time.monotonic() - 60)
    text = "\n".join(shown(closed))
    assert "accounting is closed" in text
    assert "As of 60 s ago" in text


def test_the_load_is_the_sum_over_processes() -> None:
    text = """# HELP ray_basemodel_running_requests Requests
ray_basemodel_running_requests{WorkerId="a"} 3.0
ray_basemodel_running_requests{WorkerId="b"} 4.0
ray_vllm_num_requests_running{WorkerId="a",model="pico"} 2.0
ray_basemodel_ttft_seconds_bucket{le="0.1",model="pico"} 9.0
ray_node_disk_free{NodeAddress="x"} 1e9
"""
    found = load.parsed(text)
    assert found.service == {"basemodel_running_requests": 7.0}
    assert found.models == {"pico": {"vllm_num_requests_running": 2.0}}
    assert found.of("nano", "vllm_num_requests_running") is None


def test_what_is_no_terminal_gives_no_key() -> None:
    assert keyboard.Keyboard(None).pressed(0.01) == ""
