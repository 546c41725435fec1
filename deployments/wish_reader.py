"""The wishes of all gateways, as the controller's autoscaling policies see them: read in the background, because those may never wait.

One thread for all models. It lives here, in a module that is imported, because Serve ships a policy's own module by value.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping

import msgspec

from budgets.errors import StoreUnavailable
from budgets.store import connect
from router.settings import home_folder, read_redis_url
from router.wishes import Wish, Wishes

READ_SECONDS = 0.2
#: What was read longer ago than this is not known any more.
BELIEVED_SECONDS = 5.0

log = logging.getLogger("ray.serve")


class WishReader:
    """Reads from its first question on, until the process ends."""

    def __init__(self) -> None:
        self._wishes: Mapping[str, Wish] = {}
        self._stopped: frozenset[str] = frozenset()
        self._read = float("-inf")
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed, self._problem = False, ""

    def of(self, model: str) -> Wish | None:
        """Never waits."""
        self._start()
        wish = self._wishes.get(model)
        return wish if wish is not None and wish.until > time.time() else None

    def stopped(self, model: str) -> bool:
        """Whether the operator stopped it a moment ago. Never waits."""
        self._start()
        return model in self._stopped and self.sure

    @property
    def sure(self) -> bool:
        """Whether the answers are those of a moment ago."""
        return time.monotonic() - self._read < BELIEVED_SECONDS

    def close(self) -> None:
        """Waits for the read that is under way."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if not self._closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._run, name="wishes", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._read_for_ever())
        except Exception:
            log.exception("wishes are not read any more; the next look begins anew")
            time.sleep(1.0)

    async def _read_for_ever(self) -> None:
        client = connect(read_redis_url(home_folder()))
        try:
            while not self._closed:
                await self._read_once(Wishes(client))
                await asyncio.sleep(READ_SECONDS)
        finally:
            await client.aclose()

    async def _read_once(self, wishes: Wishes) -> None:
        """What cannot be read leaves what was read before, and is told once."""
        problem = ""
        try:
            self._wishes, self._stopped = await wishes.all(), await wishes.stopped()
            self._read = time.monotonic()
        except (StoreUnavailable, msgspec.MsgspecError) as error:
            problem = str(error)
        if bool(problem) != bool(self._problem):
            log.warning("wishes for models %s", f"cannot be read: {problem}" if problem else "are read again")
        self._problem = problem


READER = WishReader()
