"""What the README tells a newcomer to paste works as it stands there."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.cluster import CHECKOUT, Stack

README = (CHECKOUT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def environment(stack: Stack) -> dict[str, str]:
    return {**os.environ, "ACS_API_BASE": stack.base_url, "ACS_API_KEY": stack.key}


@pytest.mark.stack
def test_the_first_curl_of_the_readme_gets_a_completion(stack: Stack) -> None:
    commands = blocks("console")[0].replace("\\\n", " ").split("$ ")[1:]
    curl = next(command for command in commands if command.startswith("curl "))
    answer = subprocess.run(["bash", "-c", curl], env=environment(stack), capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(answer.stdout)["choices"][0]["text"]


@pytest.mark.stack
def test_the_python_of_the_readme_streams_a_completion(stack: Stack) -> None:
    command = [sys.executable, "-c", blocks("python")[0]]
    answer = subprocess.run(command, env=environment(stack), capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.strip()


def test_every_file_that_the_readme_names_exists() -> None:
    section = README.split("## Where does X happen")[1].split("## Licence")[0]
    named = [path for path in re.findall(r"`([\w/.]+\.(?:py|yaml|md))`", section) if "/" in path or path.endswith(".yaml")]
    assert len(named) > 10
    assert [path for path in named if not (CHECKOUT / path).exists()] == []


#: What one process of the service tells another; nobody else sets them.
INTERNAL = {
    "BASEMODEL_STARTED_FOR": "whose a process is, for `basemodel down`",
    "BASEMODEL_BOOT_SHEET": "where an engine notes how far its boot is, for its host",
    "BASEMODEL_PLACEMENT_GROUP": "on which nodes an engine may be, from its replica",
}
PACKAGES = ("budgets", "router", "workbench", "deployments", "basemodel")


def test_every_environment_variable_is_in_the_readme() -> None:
    sources = [path.read_text() for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py")]
    used = {name for text in sources for name in re.findall(r"\"(BASEMODEL_[A-Z_]+)\"", text)}
    table = README.split("| variable | what | default |")[1].split("\n\n")[0]
    listed = {name for row in table.splitlines() for name in re.findall(r"`(BASEMODEL_[A-Z_]+)`", row.split(" | ")[0])}
    assert INTERNAL.keys() <= used
    assert listed == used - INTERNAL.keys()
