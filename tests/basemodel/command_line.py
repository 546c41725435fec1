"""The command line as a person types it."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from basemodel.main import app


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, result.stderr


def succeed(*words: str) -> Any:
    code, out, err = run(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def fail(*words: str) -> str:
    """What it says on standard error when it cannot: one sentence and exit 1."""
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
    return err


def misuse(*words: str) -> str:
    """What it says of wrong words: exit 2."""
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    return err
