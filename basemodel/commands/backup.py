"""`basemodel backup` and `basemodel restore`: everything that one machine keeps, in one folder."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from basemodel import console
from basemodel.backup import folder as folders
from basemodel.backup import ledger, site
from basemodel.backup import restore as restoring
from basemodel.cluster.start import running
from basemodel.cluster.stop import starting
from basemodel.commands.accounts import adds_up
from basemodel.failure import Failure
from router.settings import Settings, embedded_redis_url
from workbench.settings import SiteSettings

ELSEWHERE = "{} is not the embedded one; docs/operating.md says how to copy it with its own tools."


def backup(folder: Annotated[Path, typer.Argument(help="A folder to be made.")], as_json: console.Json = False) -> None:
    """Copy accounts, keys, the ledger and the site of the running service, and say what is left out. The copy holds secrets."""
    settings, database = Settings.read(), site.path_of(SiteSettings.read().database_url)
    folder = folder.absolute()
    with folders.made(folder) as draft:
        (draft / restoring.SECRET).write_text(_secret(settings))
        if database is not None:  # before the ledger: what it names is in there then
            site.copy(database, draft)
        if _embedded(settings):
            ledger.copy(settings.home, draft)
    left = _elsewhere(settings, database)
    document = {"folder": str(folder), "files": sorted(folders.read(folder)["files"]), "left_out": "\n".join(left) or None}
    console.answer(as_json, document, "\n".join([f"{folder} is made.", *left]))


def restore(folder: Annotated[Path, typer.Argument(help="What `basemodel backup` made.")], as_json: console.Json = False) -> None:
    """Put a backup back, with the service down. The state of now is kept beside it."""
    settings, database = Settings.read(), site.path_of(SiteSettings.read().database_url)
    secret = os.environ.get("BASEMODEL_SECRET") or None
    with starting(settings.home):
        if running(settings.home) is not None:
            raise Failure("The service runs; stop it with `basemodel down` first.")
        done = restoring.restore(folder.absolute(), settings.home, database, _embedded(settings), secret)
    faults = [f"{name}: {fault}" for name, found in (done.audits or {}).items() for fault in found]
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(done.made))
    accounts = None if done.audits is None else len(done.audits)
    document = {"made": done.made, "aside": str(done.aside), "accounts": accounts, "faults": faults}
    told = f"The state of {made} is back; the one it replaced is in {done.aside}."
    console.answer(as_json, document, f"{told}\n{_audit(accounts, faults)}")
    if faults:
        raise typer.Exit(1)


def _audit(accounts: int | None, faults: list[str]) -> str:
    """`accounts`: how many were counted; None where the copy has no ledger."""
    if accounts is None:
        return "The copy has no ledger, so Redis is as it was; `basemodel accounts audit` counts it once its own copy is back."
    return "\n".join(["The ledger does not add up:", *faults]) if faults else adds_up(accounts)


def _embedded(settings: Settings) -> bool:
    """Whether the ledger is in a Redis of ours."""
    return settings.redis_url == embedded_redis_url(settings.home)


def _elsewhere(settings: Settings, database: Path | None) -> list[str]:
    """A sentence for each thing that has tools of its own."""
    kept = {"The Redis of BASEMODEL_REDIS_URL": _embedded(settings), "The database of BASEMODEL_DATABASE_URL": database is not None}
    return [ELSEWHERE.format(what) for what, ours in kept.items() if not ours]


def _secret(settings: Settings) -> str:
    """As it was given or made; Settings only has it parsed."""
    return os.environ.get("BASEMODEL_SECRET") or (settings.home / restoring.SECRET).read_text()
