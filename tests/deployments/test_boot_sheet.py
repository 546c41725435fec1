"""What an engine's process tells its host while it boots."""

import os
import subprocess
import sys

import pytest

from deployments.boot_sheet import SIZE, VARIABLE, BootSheet
from tests.cluster import CHECKOUT


@pytest.fixture
def sheet(monkeypatch: pytest.MonkeyPatch) -> BootSheet:
    monkeypatch.setenv(VARIABLE, "")
    return BootSheet.create()


def test_another_process_counts_and_gives_a_reason(sheet: BootSheet) -> None:
    engine = "from deployments.boot_sheet import *; s = BootSheet.of_environment(); s.add(3); s.add(4); s.fail('no weights: ä')"
    subprocess.run([sys.executable, "-c", engine], cwd=CHECKOUT, check=True)
    assert (sheet.loaded, sheet.reason) == (7, "no weights: ä")


def test_the_first_reason_stays_and_a_long_one_is_cut(sheet: BootSheet) -> None:
    sheet.fail("x" * 2 * SIZE)
    sheet.fail("y")
    assert set(sheet.reason) == {"x"}
    assert len(sheet.reason) < SIZE


def test_without_a_host_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    BootSheet.of_environment().add(1)
    monkeypatch.setenv(VARIABLE, f"/proc/{os.getpid()}/fd/9999")
    assert BootSheet.of_environment().loaded == 0
