"""The console script: every command is there, and none waits for what only another needs."""

import subprocess
import sys
from importlib import import_module

import pytest
from typer.testing import CliRunner

from basemodel.main import COMMANDS, app

#: What takes the longest to import: the site, the HTTP face, the cluster.
HEAVY = {"sqlalchemy", "alembic", "fastapi", "ray", "vllm", "torch"}


@pytest.mark.parametrize("module", ["basemodel.main", "basemodel.commands.keys", "basemodel.commands.status"])
def test_looking_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_there_and_says_what_it_does(name: str) -> None:
    module, _, what = COMMANDS[name].partition(":")
    assert hasattr(import_module(module), what)
    told = CliRunner().invoke(app, [name, "--help"])
    assert told.exit_code == 0, told.output
    assert f"basemodel {name}" in told.output.replace("root", "basemodel")


def test_help_lists_them_all() -> None:
    told = CliRunner().invoke(app, ["--help"])
    assert all(f" {name} " in told.output for name in COMMANDS)


def test_another_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["chat"]).exit_code == 2
