"""`status --watch`: the newest moment on the screen, each second, until q.

Another thread looks, because what does not answer must hold up neither the screen nor the keyboard.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

from rich.live import Live

from basemodel import console
from basemodel.failure import Failure
from basemodel.keyboard import keyboard
from basemodel.screen import screen
from basemodel.seen import Seen

SECONDS = 1.0
ENDS = ("q", "Q")


class Watcher:
    """`latest` is the last moment that was seen."""

    def __init__(self, look: Callable[[], Seen]) -> None:
        self._look, self.latest = look, look()
        threading.Thread(target=self._look_for_ever, daemon=True).start()

    def _look_for_ever(self) -> None:
        while True:
            began = time.monotonic()
            self.latest = self._look()
            time.sleep(max(0.1, SECONDS - (time.monotonic() - began)))


def look() -> Seen:
    return Seen.now(closely=True)


def on_screen() -> None:
    """Raises Failure where there is no terminal."""
    if not console.people.is_terminal:
        raise Failure("--watch needs a terminal; with --json it prints one document a second anywhere.")
    watcher = Watcher(look)
    try:
        with keyboard() as keys, Live(screen(watcher.latest), console=console.people, auto_refresh=False, screen=True) as live:
            while keys.pressed(SECONDS) not in ENDS:
                live.update(screen(watcher.latest), refresh=True)
    except (KeyboardInterrupt, EOFError):
        return


def as_documents() -> None:
    """One line a second, until Ctrl-C or until nobody reads any more."""
    try:
        while True:
            print(json.dumps(look().close_document(), ensure_ascii=False), flush=True)
            time.sleep(SECONDS)
    except (KeyboardInterrupt, BrokenPipeError):
        return
