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
    """`audits`: for each account by name, what does not add up; None where the copy has no ledger. `aside`: where the former state is."""

    made: int
    audits: dict[str, list[str]] | None
    aside: Path


def restore(source: Path, home: Path, database: Path | None, embedded: bool, secret_given: str | None) -> Restored:
    """For the holder of the home's lock. All that the copy has is made beside, then takes its place; `embedded`: of Redis too.

    Raises Failure.
    """
    manifest = folder.read(source)
    _same_secret(source, secret_given)
    _has_place(manifest, database, embedded)
    has_ledger = ledger.SNAPSHOT in manifest["files"]
    (home / "logs").mkdir(parents=True, exist_ok=True)
    fresh = home / "redis.restored"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        audits = ledger.restore(source / ledger.SNAPSHOT, fresh, home / "logs" / "restore.log") if has_ledger else None
        aside = _aside(home, database, has_ledger)
        if has_ledger:
            fresh.rename(home / "redis")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _put(source, manifest, home, database)
    return Restored(int(manifest["made"]), audits, aside)


def _has_place(manifest: dict[str, Any], database: Path | None, embedded: bool) -> None:
    """Raises Failure where something of the copy would have to be left out."""
    if site.COPY in manifest["files"] and database is None:
        raise Failure("The backup has a SQLite database and BASEMODEL_DATABASE_URL names another kind; unset it to restore both.")
    if ledger.SNAPSHOT in manifest["files"] and not embedded:
        raise Failure("The backup has the ledger of the embedded Redis and BASEMODEL_REDIS_URL names another; unset it to restore both.")


def _same_secret(source: Path, given: str | None) -> None:
    """Keys are hashed under it: with another one every key would be unknown."""
    if given is not None and given.strip() != (source / SECRET).read_text().strip():
        raise Failure("BASEMODEL_SECRET is not the secret of this backup, under which its keys are hashed; set that one.")


def _aside(home: Path, database: Path | None, with_ledger: bool) -> Path:
    """Moves the present state out of the way. The folder `accounting` stays: what waits there to be charged was really used."""
    kept = home / time.strftime("before-restore-%Y%m%dT%H%M%S", time.gmtime())
    kept.mkdir(mode=0o700)
    files = [database.with_name(database.name + end) for end in site.BESIDE] if database else []
    for path in (*([home / "redis"] if with_ledger else []), home / SECRET, *files):
        if path.exists():
            shutil.move(path, kept / path.name)
    return kept


def _put(source: Path, manifest: dict[str, Any], home: Path, database: Path | None) -> None:
    shutil.copy2(source / SECRET, home / SECRET)
    (home / SECRET).chmod(0o600)
    if site.COPY in manifest["files"] and database is not None:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(source / site.COPY, database)
