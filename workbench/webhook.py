"""Feedback, told to the address that the operator has set: in the background, a few times, and never twice at once.

Nothing is lost where it fails: what is told is kept already. The log says that it failed, and not what was said, nor the address,
which for many chats is the secret itself.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx

log = logging.getLogger(__name__)

SECONDS = 5.0
#: Between one try and the next.
PAUSES = (1.0, 10.0, 60.0)
MOST_WAITING = 100
#: Of an answer that may be another one later.
LATER = (408, 429)


class Webhook:
    """`address` None: nobody is told."""

    def __init__(self, address: str | None) -> None:
        self._address = address
        self._waiting: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(MOST_WAITING)
        self._telling: asyncio.Task[None] | None = None
        if address is not None:
            logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log the address with each request

    def send(self, feedback_id: str, document: dict[str, Any]) -> None:
        """Returns at once."""
        if self._address is None:
            return
        try:
            self._waiting.put_nowait((feedback_id, document))
        except asyncio.QueueFull:
            log.error("Feedback %s is not sent to the webhook: too much waits to be sent.", feedback_id)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_all(self._address))

    async def close(self) -> None:
        """What is not told by now is told to nobody."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling], timeout=SECONDS)

    async def _tell_all(self, address: str) -> None:
        async with httpx.AsyncClient(timeout=SECONDS, follow_redirects=False) as client:
            while not self._waiting.empty():
                feedback_id, document = self._waiting.get_nowait()
                failed = await _tell(client, address, document)
                if failed is not None:
                    log.error("Feedback %s could not be sent to the webhook: %s.", feedback_id, failed)


async def _tell(client: httpx.AsyncClient, address: str, document: dict[str, Any]) -> str | None:
    """Why it failed, or None."""
    failed = None
    for pause in (0.0, *PAUSES):
        await asyncio.sleep(pause)
        failed, again = await _once(client, address, document)
        if failed is None or not again:
            break
    return failed


async def _once(client: httpx.AsyncClient, address: str, document: dict[str, Any]) -> tuple[str | None, bool]:
    """Why it failed, and whether another try may help. Of the answer nothing but the status is read."""
    try:
        async with asyncio.timeout(SECONDS), client.stream("POST", address, json=document) as answer:
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        return type(error).__name__, not isinstance(error, httpx.InvalidURL)
    return (None, False) if 200 <= status < 300 else (f"it answered {status}", status >= 500 or status in LATER)
