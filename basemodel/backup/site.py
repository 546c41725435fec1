"""The site's SQLite into a file and back, by SQLite's own copy of a database that is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from basemodel.failure import Failure

COPY = "site.db"
BUSY_SECONDS = 30.0
#: What SQLite keeps beside a database that is in use.
BESIDE = ("", "-wal", "-shm")


def path_of(database_url: str) -> Path | None:
    """Where it is; None for a PostgreSQL."""
    url = make_url(database_url)
    return Path(str(url.database)) if url.drivername.startswith("sqlite") else None


def copy(source: Path, folder: Path) -> bool:
    """While the service runs; whether there was one. Raises Failure."""
    if not source.exists():
        return False
    try:
        with closing(sqlite3.connect(source, timeout=BUSY_SECONDS)) as one, closing(sqlite3.connect(folder / COPY)) as other:
            one.backup(other)
            (checked,) = other.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise Failure(f"{source} could not be copied ({error}).") from error
    if checked != "ok":
        raise Failure(f"{source} is damaged: {checked}.")
    return True
