"""The units: systemd reads them without a complaint, they give away little, and what they run is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from basemodel.main import app
from router.settings import Settings
from tests.deploy.manifests import DEPLOY
from workbench.settings import SiteSettings

FOLDER = DEPLOY / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
#: Of 10; systemd calls up to 5 "medium" and what it is told nothing about 9.
MOST_EXPOSED = 2.5
named = pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """As they are, but for programs that this machine need not have."""
    for unit in UNITS:
        (tmp_path / unit.name).write_text(re.sub(r"/opt/basemodel/\S+|/usr/bin/redis-server", "/bin/true", unit.read_text()))
    return tmp_path


def analyzed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60)


@named
def test_systemd_has_nothing_to_say(unit: Path, units: Path) -> None:
    found = analyzed("verify", "--man=no", *(str(units / one.name) for one in UNITS))
    assert (found.returncode, found.stderr) == (0, "")


def test_systemd_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "wrong.service").write_text("[Service]\nExecStart=/bin/true\nProtectHomme=yes\n")
    assert "ProtectHomme" in analyzed("verify", "--man=no", str(tmp_path / "wrong.service")).stderr


@named
def test_a_unit_gives_away_little(unit: Path, units: Path) -> None:
    found = analyzed("security", "--offline=true", "--no-pager", str(units / unit.name))
    assert float(found.stdout.split("Overall exposure level")[1].split()[2]) <= MOST_EXPOSED


@pytest.mark.parametrize("word", re.findall(r"/bin/basemodel (\w+)", (FOLDER / "basemodel.service").read_text()))
def test_a_command_that_it_runs_is_there(word: str) -> None:
    assert CliRunner().invoke(app, [word, "--help"]).exit_code == 0


def settings() -> dict[str, str]:
    lines = (FOLDER / "environment.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_the_example_of_settings_is_accepted(tmp_path: Path) -> None:
    given = settings() | {"BASEMODEL_SECRET": "1:" + "5a" * 32, "BASEMODEL_HOME": str(tmp_path)}
    assert Settings.read(given).public_url == "https://models.example.org"
    assert SiteSettings.read(given).https


def test_the_example_of_options_is_accepted() -> None:
    options = [word for word in shlex.split(settings()["UP_OPTIONS"]) if word.startswith("--")]
    text = CliRunner().invoke(app, ["up", "--help"], env={"COLUMNS": "200"}).stdout
    assert [option for option in options if option not in text] == []
