"""The wishes of all gateways, as the controller's autoscaling policies see them: read in the background, because those may never wait.

One thread for all models. It lives here, in a module that is imported, because Serve ships a policy's own module by value.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Mapping

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
        self._read = float("-inf")
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def of(self, model: str) -> Wish | None:
        """Never waits."""
        self._start()
        wish = self._wishes.get(model)
        return wish if wish is not None and wish.until > time.time() else None

    @property
    def sure(self) -> bool:
        """Whether the answers are those of a moment ago."""
        return time.monotonic() - self._read < BELIEVED_SECONDS

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="wishes", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        try:
            asyncio.run(self._read_for_ever())
        except Exception:
            log.exception("wishes are not read any more; the next look begins anew")
            time.sleep(1.0)

    async def _read_for_ever(self) -> None:
        wishes = Wishes(connect(read_redis_url(home_folder())))
        while True:
            try:
                self._wishes = await wishes.all()
                self._read = time.monotonic()
            except StoreUnavailable as error:
                log.debug("wishes could not be read: %s", error)
            await asyncio.sleep(READ_SECONDS)


READER = WishReader()
