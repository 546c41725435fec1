"""A backup put back into a home whose service is down. What was there is kept beside it."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from basemodel.backup import folder, ledger, site
from basemodel.failure import Failure

SECRET = "secret"


@dataclass(frozen=True)
class Restored:
    """`audits`: for each account by name, what does not add up. `aside`: where the former state is."""

    made: int
    audits: dict[str, list[str]]
    aside: Path


def restore(source: Path, home: Path, database: Path | None, secret_given: str | None) -> Restored:
    """For the holder of the home's lock. Everything is made beside, then takes its place. Raises Failure."""
    manifest = folder.read(source)
    _same_secret(source, secret_given)
    if site.COPY in manifest["files"] and database is None:
        raise Failure("The backup has a SQLite database and BASEMODEL_DATABASE_URL names another kind; unset it to restore both.")
    (home / "logs").mkdir(parents=True, exist_ok=True)
    fresh = home / "redis.restored"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        audits = ledger.restore(source / ledger.SNAPSHOT, fresh, home / "logs" / "restore.log")
        aside = _aside(home, database)
        fresh.rename(home / "redis")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _put(source, manifest, home, database)
    return Restored(int(manifest["made"]), audits, aside)


def _same_secret(source: Path, given: str | None) -> None:
    """Keys are hashed under it: with another one every key would be unknown."""
    if given is not None and given.strip() != (source / SECRET).read_text().strip():
        raise Failure("BASEMODEL_SECRET is not the secret of this backup, under which its keys are hashed; set that one.")


def _aside(home: Path, database: Path | None) -> Path:
    """Moves the present state out of the way. The folder `accounting` stays: what waits there to be charged was really used."""
    kept = home / time.strftime("before-restore-%Y%m%dT%H%M%S", time.gmtime())
    kept.mkdir(mode=0o700)
    files = [database.with_name(database.name + end) for end in site.BESIDE] if database else []
    for path in (home / "redis", home / SECRET, *files):
        if path.exists():
            shutil.move(path, kept / path.name)
    return kept


def _put(source: Path, manifest: dict[str, Any], home: Path, database: Path | None) -> None:
    shutil.copy2(source / SECRET, home / SECRET)
    (home / SECRET).chmod(0o600)
    if site.COPY in manifest["files"] and database is not None:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(source / site.COPY, database)
