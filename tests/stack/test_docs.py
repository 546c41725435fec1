"""Every example in docs/ runs as it stands there, and the pages name every field."""

import json
import os
import re
import subprocess
import sys

import pytest

from router.wire import CompletionRequest, ScoreRequest
from tests.cluster import CHECKOUT, Stack

PAGES = {page.name: page.read_text() for page in sorted((CHECKOUT / "docs").glob("*.md"))}


def examples(language: str) -> list[tuple[str, str]]:
    found = [(name, block) for name, text in PAGES.items() for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]
    return [(f"{name}-{number}", block) for number, (name, block) in enumerate(found)]


PYTHON, CONSOLE = examples("python"), examples("console")


def run(command: list[str], stack: Stack) -> str:
    environment = {**os.environ, "ACS_API_BASE": stack.base_url, "ACS_API_KEY": stack.key}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.stack
@pytest.mark.parametrize("code", [block for _, block in PYTHON], ids=[name for name, _ in PYTHON])
def test_the_python_of_the_docs_prints_what_it_got(stack: Stack, code: str) -> None:
    assert run([sys.executable, "-c", code], stack).strip()


@pytest.mark.stack
@pytest.mark.parametrize("session", [block for _, block in CONSOLE], ids=[name for name, _ in CONSOLE])
def test_the_commands_of_the_docs_get_an_answer(stack: Stack, session: str) -> None:
    for command in session.replace("\\\n", " ").split("$ ")[1:]:
        assert "error" not in json.loads(run(["bash", "-c", command], stack))


@pytest.mark.parametrize(("page", "kind"), [("completions.md", CompletionRequest), ("scoring.md", ScoreRequest)])
def test_a_page_names_every_field(page: str, kind: type[CompletionRequest] | type[ScoreRequest]) -> None:
    assert [name for name in kind.model_fields if f"`{name}`" not in PAGES[page]] == []
