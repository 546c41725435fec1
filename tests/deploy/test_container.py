"""The container file: hadolint finds nothing in it, and what it copies and runs is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from basemodel.main import app
from tests.deploy.manifests import DEPLOY, pods

CHECKOUT = DEPLOY.parent
FILE = DEPLOY / "container" / "Containerfile"
TEXT = FILE.read_text()
HADOLINT = Path(sys.executable).with_name("hadolint")


def linted(path: Path) -> str:
    return subprocess.run([HADOLINT, "--no-color", str(path)], capture_output=True, text=True, timeout=60).stdout


def test_hadolint_has_nothing_to_say() -> None:
    assert linted(FILE) == ""


def test_hadolint_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text("FROM debian:latest\nRUN cd /x && sudo make\n")
    assert "DL3004" in linted(tmp_path / "Containerfile")


@pytest.mark.parametrize("name", re.findall(r"^COPY (\S+) ", TEXT, re.MULTILINE))
def test_what_it_copies_is_in_the_checkout(name: str) -> None:
    assert (CHECKOUT / name).exists()


def test_every_package_of_the_project_is_in_it() -> None:
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} - {"tests", "loadtest"}
    assert packages <= set(re.findall(r"^COPY (\S+) ", TEXT, re.MULTILINE))


def test_everything_is_installed_by_hash() -> None:
    assert "requirements/install" in TEXT
    assert re.findall(r"pip3? install", TEXT) == []


def test_it_runs_as_the_user_of_the_pods() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", TEXT, re.MULTILINE)
    of_pods = {name: pod["spec"]["securityContext"] for name, pod in pods().items() if name != "redis"}
    assert {(str(one["runAsUser"]), str(one["runAsGroup"])) for one in of_pods.values()} == {user}


def test_its_command_is_one_of_ours() -> None:
    (words,) = re.findall(r'^CMD \["basemodel", "(\w+)"', TEXT, re.MULTILINE)
    assert CliRunner().invoke(app, [words, "--help"]).exit_code == 0


def test_its_health_is_that_of_the_service() -> None:
    assert "http://127.0.0.1:8000/ready" in TEXT


@pytest.mark.parametrize("lock", ["cpu", "gpu"])
def test_either_lock_can_be_asked_for(lock: str, tmp_path: Path) -> None:
    """`requirements/install` takes it from LOCK, whatever this machine has."""
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements", ignore=shutil.ignore_patterns("node_modules"))
    script = (tmp_path / "requirements" / "install").read_text().replace('\nmain "$@"\n', "\nwhich_lock\n")
    (tmp_path / "requirements" / "install").write_text(script)
    told = subprocess.run(
        ["sh", str(tmp_path / "requirements" / "install")], env={"LOCK": lock, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert told.stdout == f"{lock}\n"
