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
from basemodel.failure import Failure
from router.settings import Settings, embedded_redis_url
from workbench.settings import SiteSettings

ELSEWHERE = "{} is not the embedded one; docs/operating.md says how to copy it with its own tools."


def backup(folder: Annotated[Path, typer.Argument(help="A folder to be made.")], as_json: console.Json = False) -> None:
    """Copy accounts, keys, the ledger and the site of the running service. The copy holds secrets: keep it as such."""
    settings, database = _embedded(), site.path_of(SiteSettings.read().database_url)
    folder = folder.absolute()
    with folders.made(folder) as draft:
        (draft / restoring.SECRET).write_text(_secret(settings))
        if database is not None:  # before the ledger: what it names is in there then
            site.copy(database, draft)
        ledger.copy(settings.home, draft)
    left = None if database else ELSEWHERE.format("The database of BASEMODEL_DATABASE_URL")
    document = {"folder": str(folder), "files": sorted(folders.read(folder)["files"]), "left_out": left}
    console.answer(as_json, document, "\n".join(filter(None, [f"{folder} is made.", left])))


def restore(folder: Annotated[Path, typer.Argument(help="What `basemodel backup` made.")], as_json: console.Json = False) -> None:
    """Put a backup back, with the service down. The state of now is kept beside it."""
    settings, database = _embedded(), site.path_of(SiteSettings.read().database_url)
    with starting(settings.home):
        if running(settings.home) is not None:
            raise Failure("The service runs; stop it with `basemodel down` first.")
        done = restoring.restore(folder.absolute(), settings.home, database, os.environ.get("BASEMODEL_SECRET") or None)
    faults = [f"{name}: {fault}" for name, found in done.audits.items() for fault in found]
    made = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(done.made))
    document = {"made": done.made, "aside": str(done.aside), "accounts": len(done.audits), "faults": faults}
    told = f"The state of {made} is back; the one it replaced is in {done.aside}."
    audit = "\n".join(["The ledger does not add up:", *faults]) if faults else f"The ledger adds up for {len(done.audits)} accounts."
    console.answer(as_json, document, f"{told}\n{audit}")
    if faults:
        raise typer.Exit(1)


def _embedded() -> Settings:
    """Raises Failure."""
    settings = Settings.read()
    if settings.redis_url != embedded_redis_url(settings.home):
        raise Failure(ELSEWHERE.format("The Redis of BASEMODEL_REDIS_URL"))
    return settings


def _secret(settings: Settings) -> str:
    """As it was given or made; Settings only has it parsed."""
    return os.environ.get("BASEMODEL_SECRET") or (settings.home / restoring.SECRET).read_text()
