"""A PostgreSQL server of this test run's own, on a socket, that forgets everything."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
OPTIONS = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
START_SECONDS, STOP_SECONDS = 20, 10
EMPTY = """DO $$ DECLARE named text; BEGIN
    SELECT string_agg(quote_ident(tablename), ', ') INTO named FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version';
    IF named IS NOT NULL THEN EXECUTE 'TRUNCATE ' || named || ' CASCADE'; END IF;
END $$"""


class Postgres:
    """Runs for as long as the block does. The server refuses to run as root, and runs as Debian's `postgres` then."""

    def __enter__(self) -> Postgres:
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))  # short, for the socket's sake
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        self._names = (f"test{number}" for number in itertools.count())
        self._data = self._folder / "data"
        self._run("initdb", "--pgdata", str(self._data), "--username", "postgres", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
        command = [program("postgres"), "-D", str(self._data), "-k", str(self._folder), *OPTIONS]
        self.process = subprocess.Popen(command, user=self._user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder)
        deadline = time.monotonic() + START_SECONDS
        while self._run("pg_isready", "--host", str(self._folder), check=False) != 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """Its URL, as an operator writes it. It is dropped after the block: each takes 7 MB."""
        name, where = next(self._names), ("--host", str(self._folder), "--username", "postgres")
        self._run("createdb", *where, name)
        yield f"postgresql://postgres@/{name}?host={self._folder}"
        self._run("dropdb", "--force", *where, name)

    def empty(self, url: str) -> None:
        """Its tables stay."""
        self._run("psql", "--quiet", "--command", EMPTY, url)

    def _run(self, name: str, *words: str, check: bool = True) -> int:
        command = [program(name), *words]
        return subprocess.run(command, user=self._user, capture_output=True, cwd=self._folder, check=check, timeout=60).returncode


def program(name: str) -> str:
    """Debian keeps the server's programs out of the PATH."""
    found = sorted(DEBIAN.glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name) or name
