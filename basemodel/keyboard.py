"""Single keys of the terminal, while something else is shown."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager


class Keyboard:
    """Of a terminal that gives each key at once; of anything else, which never gives one, only the time."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def pressed(self, seconds: float) -> str:
        """The key that came within that time; "" for none. Raises EOFError once the terminal is gone."""
        ready, _, _ = select.select([] if self._descriptor is None else [self._descriptor], [], [], seconds)
        if not ready or self._descriptor is None:
            return ""
        read = os.read(self._descriptor, 1)
        if not read:
            raise EOFError
        return read.decode(errors="replace")


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """The terminal is as before afterwards; Ctrl-C goes on to interrupt."""
    if not sys.stdin.isatty():
        yield Keyboard(None)
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor, termios.TCSANOW)
        yield Keyboard(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
