"""The embedded Redis of a running service is started again when it died: `python -m basemodel.cluster.redis_keeper HOME`.

`up --detach` leaves this process, and `down` ends it; an `up` in the foreground looks by itself, and a second `up` once.
One that lives and is silent is left alone: two servers on one journal would spoil it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from basemodel.cluster import embedded_redis
from basemodel.cluster.processes import MARK, marked, title
from basemodel.cluster.start import running
from basemodel.cluster.state import State
from basemodel.cluster.stop import starting
from basemodel.failure import Failure
from router.settings import embedded_redis_url

LOOK_SECONDS = 1.0
REVIVED = "The embedded Redis had died; it runs again, with its data."


class Keeper:
    """`tell` gets each sentence once, however often it would be said."""

    def __init__(self, home: Path, tell: Callable[[str], None]) -> None:
        self._home, self._tell, self._told = home, tell, ""

    def look(self) -> None:
        """Starts a dead one, unless another command is at work here."""
        if is_silent(self._home):
            with contextlib.suppress(Failure), starting(self._home):
                self._revive()
        else:
            self._told = ""

    def _revive(self) -> None:
        try:
            said = REVIVED if revive(self._home) else ""
        except Failure as error:
            said = str(error)
        if said and said != self._told:
            self._tell(said)
        self._told = said


def is_silent(home: Path) -> bool:
    """Whether this home's service has an embedded Redis, which does not answer."""
    state = State.read(home)
    return state is not None and state.redis is not None and not embedded_redis.answers(embedded_redis_url(home))


def revive(home: Path) -> bool:
    """For the holder of the home's lock: whether the running service's Redis was dead and is started. Raises Failure."""
    state = running(home)
    if state is None or not is_silent(home):
        return False
    stuck = next((process.pid for process in marked(home) if title(process) == "redis-server"), None)
    if stuck is not None:
        raise Failure(f"The embedded Redis (process {stuck}) runs but does not answer; wait, or `kill -9 {stuck}`: it is started again.")
    identity = embedded_redis.start(home, os.environ | {MARK: str(home)})
    replace(state, redis=identity).write(home)
    return True


def leave(home: Path) -> subprocess.Popen[bytes]:
    """Starts the keeper, which outlives its starter."""
    command = [sys.executable, "-m", "basemodel.cluster.redis_keeper", str(home)]
    environment = os.environ | {MARK: str(home)}
    with open(home / "logs" / "redis-keeper.log", "ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True)


def main(home: Path) -> None:
    """Ends with the state that it began with."""
    keeper, began = Keeper(home, lambda said: print(said, flush=True)), _began(home)
    while began is not None and _began(home) == began:
        keeper.look()
        time.sleep(LOOK_SECONDS)


def _began(home: Path) -> int | None:
    state = State.read(home)
    return state.started if state else None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
