"""Every example in docs/ runs as it stands there, and the pages name every field."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from router.wire import CompletionRequest, ScoreRequest
from tests.cluster import CHECKOUT, Stack

PAGES = {page.name: page.read_text() for page in sorted((CHECKOUT / "docs").glob("*.md"))}


def examples(language: str) -> list[tuple[str, str]]:
    found = [(name, block) for name, text in PAGES.items() for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]
    return [(f"{name}-{number}", block) for number, (name, block) in enumerate(found)]


PYTHON, CONSOLE, BASH = examples("python"), examples("console"), examples("bash")
#: The answer that is shown under a command.
SHOWN = [
    (f"{name}-{number}", *found)
    for name, text in PAGES.items()
    for number, found in enumerate(re.findall(r"```bash\n(.*?)```\n+```json\n(.*?)```", text, re.DOTALL))
]
#: Objects whose keys are tokens: the model decides how many and which.
BY_TOKEN = {"top_logprobs", "prompt_logprobs"}


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


@pytest.mark.stack
@pytest.mark.parametrize("command", [block for _, block in BASH], ids=[name for name, _ in BASH])
def test_the_bash_of_the_docs_gets_an_answer(stack: Stack, command: str) -> None:
    told = run(["bash", "-eo", "pipefail", "-c", command], stack)
    if told.startswith("data: "):
        assert told.rstrip().endswith("data: [DONE]")
    else:
        assert ("error" in json.loads(told)) == ("temprature" in command)


@pytest.mark.stack
@pytest.mark.parametrize(("command", "answer"), [found[1:] for found in SHOWN], ids=[found[0] for found in SHOWN])
def test_an_answer_in_the_docs_has_the_shape_of_the_real_one(stack: Stack, command: str, answer: str) -> None:
    assert different(json.loads(answer), json.loads(run(["bash", "-c", command], stack))) == []


def different(shown: Any, real: Any, where: str = "") -> list[str]:
    """The places at which a document has other fields, or values of another type."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if not BY_TOKEN.isdisjoint(where.split(".")):
            return []
        lost = [f"{where}.{name}" for name in shown.keys() ^ real.keys()]
        return lost + [place for name in shown.keys() & real.keys() for place in different(shown[name], real[name], f"{where}.{name}")]
    if isinstance(shown, list) and isinstance(real, list):
        return [place for one, other in zip(shown, real, strict=False) for place in different(one, other, where)]
    return [] if type(shown) is type(real) else [f"{where}: {shown} and {real}"]


@pytest.mark.parametrize(("page", "kind"), [("completions.md", CompletionRequest), ("scoring.md", ScoreRequest)])
def test_a_page_names_every_field(page: str, kind: type[CompletionRequest] | type[ScoreRequest]) -> None:
    assert [name for name in kind.model_fields if f"`{name}`" not in PAGES[page]] == []
