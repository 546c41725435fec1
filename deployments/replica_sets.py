"""Which replicas of each model this process can reach, as its own request routers heard last. No calls: reading is a look-up.

`deployments.affinity`'s router tells of every change, and Serve makes that router as soon as a handle has heard of its
deployment, before any request. It lives here because Serve ships a router's own module by value, with copies of its globals.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

Replicas = frozenset[str]
Callback = Callable[[Replicas], None]

#: How long a replica without an engine is passed over; who asks it later, and finds it so again, starts that anew.
AVOID_SECONDS = 3.0

_lock = threading.Lock()
_running: dict[str, Replicas] = {}
_avoided: dict[tuple[str, str], float] = {}
_watching: dict[str, list[tuple[asyncio.AbstractEventLoop, Callback]]] = {}


def running(app_name: str) -> Replicas | None:
    """Ids of the running replicas of an app's model; none for one at zero or removed. None: nothing heard yet."""
    return _running.get(app_name)


def update(app_name: str, replica_ids: Iterable[str]) -> None:
    """Takes what a router heard; tells who watches if it is news. Callable from any thread."""
    now = frozenset(replica_ids)
    with _lock:
        if _running.get(app_name) == now:
            return
        _running[app_name] = now
        for loop, callback in _watching.get(app_name, ()):
            with suppress(RuntimeError):  # its loop ended
                loop.call_soon_threadsafe(callback, now)


def avoid(app_name: str, replica_id: str) -> None:
    """The replica said that its engine died, or boots: for a moment others are asked, where there are any."""
    _avoided[app_name, replica_id] = time.monotonic() + AVOID_SECONDS


def avoided(app_name: str, replica_id: str) -> bool:
    until = _avoided.get((app_name, replica_id))
    if until is not None and until < time.monotonic():
        _avoided.pop((app_name, replica_id), None)
    return until is not None and until >= time.monotonic()


def others(app_name: str) -> bool:
    """Whether there is a running replica that is not avoided."""
    return any(not avoided(app_name, replica_id) for replica_id in _running.get(app_name, ()))


@contextmanager
def watching(app_name: str, callback: Callback) -> Iterator[None]:
    """Calls back with each new set, in the caller's event loop, for as long as the block runs."""
    watcher = (asyncio.get_running_loop(), callback)
    with _lock:
        _watching.setdefault(app_name, []).append(watcher)
    try:
        yield
    finally:
        with _lock:
            _forget(app_name, watcher)


def _forget(app_name: str, watcher: tuple[asyncio.AbstractEventLoop, Callback]) -> None:
    left = _watching[app_name]
    left.remove(watcher)
    if not left:
        del _watching[app_name]


async def changed(app_name: str, seen: Replicas | None, seconds: float) -> Replicas | None:
    """The set as soon as it is another than the caller has seen, or the same one after so many seconds."""
    news = asyncio.Event()
    with watching(app_name, lambda _: news.set()):
        try:
            async with asyncio.timeout(seconds):
                while running(app_name) == seen:
                    news.clear()
                    await news.wait()
        except TimeoutError:
            pass
    return running(app_name)
