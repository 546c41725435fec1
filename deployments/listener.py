"""A gateway's own way in, beside Serve's: uvicorn on a unix socket, behind the entrance of this machine (`entrance.py`).

Serve's proxy hands each piece of a stream from actor to actor; here it goes from the gateway into HAProxy's socket. Gateways
take places with fixed names, so the entrance knows all of them beforehand and asks which are there. A place belongs to the
process that holds its lock, whatever becomes of it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: Gateways of one machine, those included that only finish their streams.
PLACES = 16
#: What the entrance asks, and how long after a "no" it surely asks no more (`haproxy_config.py`).
CHECK_PATH, LEAVE_SECONDS = "/-/takes-requests", 1.5
BACKLOG = 2_048
#: Longer than the entrance keeps a connection that it does not use.
KEEP_ALIVE_SECONDS = 75


class NoPlace(Exception):
    """More gateways than there are places; the text says what to do."""


class ListenerGone(Exception):
    """The server of a gateway ended by itself."""


class Server(uvicorn.Server):
    """Signals are the actor's business."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class Listener:
    """Begins to listen at once. Raises NoPlace."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app, self._leaving = app, False
        self._lock, path = take_place(folder)
        self._server = Server(config(self._asked))
        self._task = asyncio.create_task(self._server.serve([listening(path)]))

    async def _asked(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == CHECK_PATH:
            await PlainTextResponse("", 503 if self._leaving else 200)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    @property
    def alive(self) -> bool:
        return not self._task.done()

    async def close(self) -> None:
        """Takes nothing new, and returns when what runs has ended."""
        self._leaving = True
        await asyncio.sleep(LEAVE_SECONDS)
        self._server.should_exit = True
        await asyncio.wait([self._task])
        self._lock.close()


def config(app: ASGIApp) -> uvicorn.Config:
    """`forwarded_allow_ips`: only the entrance, which says who is asking, can reach the socket."""
    return uvicorn.Config(
        app,
        interface="asgi3",
        lifespan="off",
        loop="none",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        forwarded_allow_ips="*",
    )


def socket_path(folder: Path, place: int) -> Path:
    return folder / f"gateway-{place}.sock"


def take_place(folder: Path) -> tuple[IO[str], Path]:
    """The lock of the first free place, and its socket's path. Raises NoPlace."""
    for place in range(1, PLACES + 1):
        lock = open(folder / f"gateway-{place}.lock", "w")  # noqa: SIM115  # held until the listener closes
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
        else:
            return lock, socket_path(folder, place)
    raise NoPlace(f"{PLACES} gateways run on this machine already, or still finish their streams; start fewer replicas.")


def listening(path: Path) -> socket.socket:
    """For this user alone, from the first moment that it is there."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.unlink(missing_ok=True)
    one = socket.socket(socket.AF_UNIX)
    _privately(lambda: one.bind(str(draft)))
    one.listen(BACKLOG)
    draft.replace(path)
    return one


def _privately(act: Callable[[], None]) -> None:
    old = os.umask(0o177)
    try:
        act()
    finally:
        os.umask(old)
