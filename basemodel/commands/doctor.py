"""`basemodel doctor`: what is missing or open on this machine, and what to do."""

from __future__ import annotations

from dataclasses import asdict

import typer

from basemodel import checks, console
from basemodel.checks import FATAL, Finding
from basemodel.cluster.config import ServeConfig
from basemodel.cluster.start import running
from basemodel.database_check import database
from router.settings import Settings

COLOURS = {"ok": "green", "warning": "yellow", "fatal": "red"}


def doctor(as_json: console.Json = False) -> None:
    """Check this machine; exit 1 where `up` would refuse."""
    settings = Settings.read()
    findings = [*examine(settings), database()]
    rows = [[finding.level, finding.name, finding.text] for finding in findings]
    console.answer(as_json, [asdict(finding) for finding in findings], console.table(["", "what", ""], rows))
    if any(finding.level == FATAL for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> list[Finding]:
    """While the service runs its own port is taken and its memory used, as they should be."""
    state = running(settings.home)
    if state is not None:
        steady = [checks.python(), checks.processor(), checks.numa_library(), checks.disk(settings), checks.redis_in_use(settings, state)]
        return [*steady, Finding("Service", checks.READY, f"runs at {state.base_url}/v1"), *checks.doors(settings)]
    return [*checks.before_start(settings, ServeConfig.load(None, None, None)), *checks.doors(settings)]
